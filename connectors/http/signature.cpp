#include "connectors/http/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "engine/base/error.h"

namespace connectors::http {

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  ENGINE_ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, bytes.size(), digest, &size) !=
                nullptr);
  std::string hex;
  hex.reserve(size * 2);
  for (unsigned int i = 0; i < size; ++i) {
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 15];
  }
  return hex;
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return text;
}

}  // namespace connectors::http
