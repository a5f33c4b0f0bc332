#include "engine/base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "engine/base/error.h"
#include "engine/base/text/characters.h"

namespace engine {

namespace {

std::string hex_digest(const EVP_MD* method, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  ENGINE_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest, &size, method, nullptr) == 1);
  return hex({reinterpret_cast<const char*>(digest), size});
}

}  // namespace

std::string md5_hex(std::string_view bytes) { return hex_digest(EVP_md5(), bytes); }
std::string sha256_hex(std::string_view bytes) { return hex_digest(EVP_sha256(), bytes); }

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  ENGINE_ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), digest, &size) != nullptr);
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace engine
