#include "engine/inbound/webhook/signature.h"

#include <openssl/crypto.h>

#include <optional>
#include <string>

#include "engine/base/digest.h"
#include "engine/base/text/characters.h"

namespace engine::inbound {

bool is_signed(std::string_view body, std::string_view header, std::string_view secret) {
  static constexpr std::string_view prefix = "sha256=";
  if (secret.empty() || !header.starts_with(prefix)) return false;
  const std::optional<std::string> given = bytes_of_hex(header.substr(prefix.size()));
  const std::string made = hmac_sha256(secret, body);
  return given && given->size() == made.size() && CRYPTO_memcmp(given->data(), made.data(), made.size()) == 0;
}

/// Over digests, so that not even the length shows.
bool is_equal_secret(std::string_view given, std::string_view secret) {
  const std::string key = "compared";
  const std::string one = hmac_sha256(key, given);
  const std::string other = hmac_sha256(key, secret);
  return !secret.empty() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace engine::inbound
