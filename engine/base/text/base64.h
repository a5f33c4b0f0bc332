// Base64: how bytes travel in JSON, headers and mail.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engine {

/// RFC 4648, section 4: padded, no line breaks.
void append_base64(std::string_view bytes, std::string& into);
std::string base64(std::string_view bytes);

/// Bytes that `text` decodes to, into `out` (room for text.size() / 4 * 3); their number, or nullopt when it is not
/// canonical base64.
std::optional<std::size_t> decode_base64(std::string_view text, char* out);

}  // namespace engine
