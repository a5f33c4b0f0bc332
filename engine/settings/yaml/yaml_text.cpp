#include "engine/settings/yaml/yaml_text.h"

#include <algorithm>

#include "engine/model/json_text.h"

namespace engine::settings {
namespace {

/// A NUL is no character of YAML.
std::size_t sequence_length(std::string_view text) { return text.front() == '\0' ? 0 : model::utf8_sequence(text); }

}  // namespace

std::shared_ptr<const YamlSource> split_source(std::string_view text, const std::string& file) {
  auto source = std::make_shared<YamlSource>();
  source->file = file;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    source->lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return source;
}

std::optional<TextPlace> first_bad_byte(const YamlSource& source) {
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    const std::string_view line = source.lines[i];
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t length = sequence_length(line.substr(at));
      if (length == 0) return TextPlace{static_cast<int>(i) + 1, at};
      at += length;
    }
  }
  return std::nullopt;
}

std::optional<TextPlace> closing_quote(const YamlSource& source, TextPlace open) {
  const char quote = source.line(open.line)[open.column];
  TextPlace place{open.line, open.column + 1};
  for (; place.line <= static_cast<int>(source.lines.size()); ++place.line, place.column = 0) {
    const std::string& line = source.line(place.line);
    for (; place.column < line.size(); ++place.column) {
      const char c = line[place.column];
      if (c == '\\' && quote == '"') {
        ++place.column;
      } else if (c == quote) {
        const bool doubled = quote == '\'' && place.column + 1 < line.size() && line[place.column + 1] == quote;
        if (!doubled) return place;
        ++place.column;
      }
    }
  }
  return std::nullopt;
}

TextPlace behind_properties(const YamlSource& source, TextPlace start) {
  TextPlace place = start;
  while (place.line <= static_cast<int>(source.lines.size())) {
    const std::string& line = source.line(place.line);
    place.column = line.find_first_not_of(" \t", place.column);
    if (place.column == std::string::npos || line[place.column] == '#') {
      place = {place.line + 1, 0};
    } else if (line[place.column] == '&' || line[place.column] == '!') {
      place.column = std::min(line.find_first_of(" \t", place.column), line.size());
    } else {
      return place;
    }
  }
  return start;
}

std::string yaml_quoted(std::string_view text) {
  if (text.find_first_of("\"\\") == std::string_view::npos) return '"' + std::string(text) + '"';
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

}  // namespace engine::settings
