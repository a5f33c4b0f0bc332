// Keeps texts from being read and changed by whoever gets hold of a file: AES-256-GCM.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connectors::http {

/// Base64 of salt (16 bytes), nonce (12), tag (16) and ciphertext. The key of each sealing is HKDF-SHA256 of `secret` under
/// a salt of its own, so no nonce is ever used twice under one key. `place` is authenticated with it: what was sealed for
/// one place opens in no other.
std::string sealed(std::string_view secret, std::string_view place, std::string_view text);

/// nullopt: another secret, another place, or not as it was written.
std::optional<std::string> opened(std::string_view secret, std::string_view place, std::string_view text);

}  // namespace connectors::http
