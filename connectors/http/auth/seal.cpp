#include "connectors/http/auth/seal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>
#include <memory>

#include "engine/base/text/base64.h"
#include "engine/base/error.h"

namespace connectors::http {
namespace {

// What a sealed text begins with: salt, nonce, tag; the sealed bytes follow.
constexpr std::size_t salt_size = 16;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t head_size = salt_size + nonce_size + tag_size;

using Bytes = unsigned char;

struct Free {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

/// Wiped when it is gone.
struct Key {
  std::array<Bytes, 32> bytes{};
  ~Key() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

/// A key of its own for each text, by its salt: a nonce can never meet the same key twice. The purpose keeps it apart
/// from other uses of the secret.
void derive(std::string_view secret, std::string_view salt, Key& key) {
  const std::unique_ptr<EVP_KDF, Free> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, Free> context(EVP_KDF_CTX_new(kdf.get()));
  std::string digest = "SHA256";
  std::string purpose = "datapicker tokens 1";
  std::string own_secret(secret);
  std::string own_salt(salt);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, own_secret.data(), own_secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, own_salt.data(), own_salt.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, purpose.data(), purpose.size()), OSSL_PARAM_construct_end()};
  ENGINE_ASSERT(EVP_KDF_derive(context.get(), key.bytes.data(), key.bytes.size(), parameters) == 1);
  OPENSSL_cleanse(own_secret.data(), own_secret.size());
}

Bytes* bytes_of(std::string& text, std::size_t at = 0) { return reinterpret_cast<Bytes*>(text.data()) + at; }
const Bytes* bytes_of(std::string_view text, std::size_t at = 0) {
  return reinterpret_cast<const Bytes*>(text.data()) + at;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string bytes(text.size() / 4 * 3, '\0');
  const auto size = engine::decode_base64(text, bytes.data());
  if (!size) return std::nullopt;
  bytes.resize(*size);
  return bytes;
}

}  // namespace

std::string sealed(std::string_view secret, std::string_view place, std::string_view text) {
  std::string all(head_size + text.size(), '\0');
  ENGINE_ASSERT(RAND_bytes(bytes_of(all), salt_size + nonce_size) == 1);
  Key key;
  derive(secret, std::string_view(all).substr(0, salt_size), key);
  const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done =
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes.data(), bytes_of(all, salt_size)) == 1 &&
      // Without an output these bytes are authenticated, and not encrypted.
      EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(place), static_cast<int>(place.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), bytes_of(all, head_size), &size, bytes_of(text), static_cast<int>(text.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), bytes_of(all, head_size) + size, &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, bytes_of(all, salt_size + nonce_size)) == 1;
  ENGINE_ASSERT(done);
  return engine::base64(all);
}

std::optional<std::string> opened(std::string_view secret, std::string_view place, std::string_view text) {
  auto all = decoded(text);
  if (!all || all->size() < head_size) return std::nullopt;
  Key key;
  derive(secret, std::string_view(*all).substr(0, salt_size), key);
  const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  std::string plain(all->size() - head_size, '\0');
  int size = 0;
  const bool done =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes.data(), bytes_of(*all, salt_size)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(place), static_cast<int>(place.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), bytes_of(plain), &size, bytes_of(*all, head_size), static_cast<int>(plain.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, bytes_of(*all, salt_size + nonce_size)) == 1 &&
      EVP_DecryptFinal_ex(context.get(), bytes_of(plain) + size, &size) == 1;
  if (!done) return std::nullopt;
  return plain;
}

}  // namespace connectors::http
