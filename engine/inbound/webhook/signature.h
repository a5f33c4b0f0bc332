// Who sent a post: an HMAC over the bytes that came, compared in constant time.
#pragma once

#include <string_view>

namespace engine::inbound {

/// `header`: "sha256=" and the lower or upper case hex of HMAC-SHA256 over `body`. The raw bytes count: parsed and written
/// again, the same JSON has another signature.
bool is_signed(std::string_view body, std::string_view header, std::string_view secret);

/// Takes as long for a wrong guess as for the right one.
bool is_equal_secret(std::string_view given, std::string_view secret);

}  // namespace engine::inbound
