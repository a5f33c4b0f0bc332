// Digests, as signatures, logins and keys of batches are made of them.
#pragma once

#include <string>
#include <string_view>

namespace engine {

/// In small hex. MD5 protects nothing any more; some logins are made of it.
std::string md5_hex(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

/// 32 bytes as they are.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace engine
