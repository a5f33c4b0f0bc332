// Base64 as binary cells travel in JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engine::model {

/// RFC 4648, padded, no line breaks.
void append_base64(std::string_view bytes, std::string& into);

/// Bytes that `text` decodes to, into `out` (room for text.size() / 4 * 3); their number, or nullopt when it is not
/// canonical base64.
std::optional<std::size_t> decode_base64(std::string_view text, char* out);

}  // namespace engine::model
