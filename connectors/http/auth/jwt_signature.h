// How a client signs that it is who it says (RFC 7523).
#pragma once

#include <string>
#include <string_view>

namespace connectors::http {

/// RFC 4648, section 5, without padding.
std::string base64url(std::string_view bytes);

/// RSASSA-PKCS1-v1_5 with SHA-256 (RS256 of RFC 7518). Throws Error config_invalid when `pem` is no private RSA key.
std::string rs256(std::string_view pem, std::string_view bytes);

}  // namespace connectors::http
