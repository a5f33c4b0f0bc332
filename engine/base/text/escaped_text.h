// Finding a text that may stand there as it is or in the escapes of URLs, JSON and HTML, one inside the other.
#pragma once

#include <cstddef>
#include <string_view>

namespace engine {

/// How many bytes at the start of `text` mean `wanted` (UTF-8, not empty): 0 when they do not. Each character may stand there as itself, as %XX (also %25XX)
/// or '+', behind backslashes or as \u00e9, as &name; or &#number; (also &amp;name;).
std::size_t escaped_length(std::string_view text, std::string_view wanted);

/// A byte with which such a text may begin, whatever it is, beside its own first one.
inline bool begins_escape(char c) { return c == '%' || c == '+' || c == '\\' || c == '&'; }

}  // namespace engine
