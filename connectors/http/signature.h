// Signs request bodies, so that the receiver can prove who sent them.
#pragma once

#include <string>
#include <string_view>

namespace connectors::http {

/// Lower-case hex of HMAC-SHA256.
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);
/// RFC 4648, section 4, padded.
std::string base64(std::string_view bytes);

}  // namespace connectors::http
