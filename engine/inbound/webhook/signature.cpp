#include "engine/inbound/webhook/signature.h"

#include <openssl/crypto.h>

#include <string>

#include "engine/base/digest.h"

namespace engine::inbound {

namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Empty for anything but pairs of hex digits.
std::string bytes_of(std::string_view hex) {
  std::string bytes;
  if (hex.size() % 2 != 0) return bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit_of(hex[i]);
    const int low = digit_of(hex[i + 1]);
    if (high < 0 || low < 0) return {};
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace

bool is_signed(std::string_view body, std::string_view header, std::string_view secret) {
  static constexpr std::string_view prefix = "sha256=";
  if (secret.empty() || !header.starts_with(prefix)) return false;
  const std::string given = bytes_of(header.substr(prefix.size()));
  const std::string made = hmac_sha256(secret, body);
  return given.size() == made.size() && CRYPTO_memcmp(given.data(), made.data(), made.size()) == 0;
}

/// Over digests, so that not even the length shows.
bool is_equal_secret(std::string_view given, std::string_view secret) {
  const std::string key = "compared";
  const std::string one = hmac_sha256(key, given);
  const std::string other = hmac_sha256(key, secret);
  return !secret.empty() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace engine::inbound
