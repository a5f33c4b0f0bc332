// Digests and signatures that logins ask for.
#pragma once

#include <string>
#include <string_view>

namespace connectors::http {

/// Lower-case hex. MD5 protects nothing any more; some logins are made of it.
std::string md5_hex(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

/// RFC 4648, section 5, without padding.
std::string base64url(std::string_view bytes);

/// RSASSA-PKCS1-v1_5 with SHA-256 (RS256 of RFC 7518). Throws Error config_invalid when `pem` is no private RSA key.
std::string rs256(std::string_view pem, std::string_view bytes);

}  // namespace connectors::http
