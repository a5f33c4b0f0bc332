// What may stand in a header of HTTP, whoever wrote it: a line break would begin another header.
#pragma once

#include <string_view>

namespace engine {

/// A token of RFC 9110, section 5.6.2.
bool is_header_name(std::string_view text);

/// No control character (RFC 9110, section 5.5).
bool is_header_value(std::string_view text);

}  // namespace engine
