// The raw text of a YAML file: what the parser's library does not check, or does not tell.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// A place in a source: line from 1, column from 0 (an index into the line).
struct TextPlace {
  int line = 1;
  std::size_t column = 0;
};

/// Splits at line ends (LF or CRLF) and drops a byte order mark.
std::shared_ptr<const YamlSource> split_source(std::string_view text, const std::string& file);

/// The first byte that is not UTF-8, or a NUL.
std::optional<TextPlace> first_bad_byte(const YamlSource& source);

/// The place of the quote that closes the one at `open` (single or double, by the character there); nullopt when the
/// file ends before.
std::optional<TextPlace> closing_quote(const YamlSource& source, TextPlace open);

/// Behind `&anchor` and `!tag`, where the value itself starts.
TextPlace behind_properties(const YamlSource& source, TextPlace start);

/// `text` as YAML that reads back as itself: in double quotes where nothing needs an escape, else in single ones.
std::string yaml_quoted(std::string_view text);

}  // namespace engine::settings
