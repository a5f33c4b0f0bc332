#include "connectors/http/auth/jwt_signature.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "engine/base/text/base64.h"
#include "engine/base/error.h"

namespace connectors::http {
namespace {

[[noreturn]] void refuse_key() {
  throw engine::Error(engine::ErrorCode::config_invalid, "the key of jwt_bearer is no private RSA key in PEM form", {},
                      "it begins with -----BEGIN PRIVATE KEY-----; one with a passphrase cannot be used");
}

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// Without it OpenSSL would ask for the passphrase on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string text = engine::base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string rs256(std::string_view pem, std::string_view bytes) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<EVP_PKEY, Free> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr));
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) refuse_key();
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t size = 0;
  std::string signature;
  bool is_signed = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
                   EVP_DigestSign(context.get(), nullptr, &size, data, bytes.size()) == 1;
  signature.resize(size);
  is_signed = is_signed && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                                          bytes.size()) == 1;
  if (!is_signed) refuse_key();
  signature.resize(size);
  return signature;
}

}  // namespace connectors::http
