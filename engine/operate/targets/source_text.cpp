#include "engine/operate/targets/source_text.h"

#include <algorithm>
#include <vector>

namespace engine::operate {

using settings::YamlEntry;
using settings::YamlNode;
using settings::YamlSource;

namespace {

constexpr std::string_view editor_line = "yaml-language-server:";

std::size_t indent_of(const std::string& line) { return std::min(line.find_first_not_of(' '), line.size()); }

bool is_comment(const std::string& line) { return indent_of(line) < line.size() && line[indent_of(line)] == '#'; }

std::string comment_text(const std::string& line, std::size_t hash) {
  const std::size_t begin = line.find_first_not_of("# ", hash);
  return begin == std::string::npos ? "" : line.substr(begin);
}

void join(const std::string& text, std::string& into) {
  if (!into.empty() && into.back() != '\n') into += ' ';
  into += text;
}

/// Behind a value: a '#' after a blank and outside of quotes.
std::size_t trailing_hash(const std::string& line, std::size_t from) {
  char quote = '\0';
  for (std::size_t i = from; i < line.size(); ++i) {
    if (quote != '\0') {
      if (line[i] == quote) quote = '\0';
    } else if ((line[i] == '"' || line[i] == '\'') && line.find_last_not_of(' ', i - 1) != std::string::npos &&
               std::string_view(":,{[ ").find(line[i - 1]) != std::string_view::npos) {
      quote = line[i];
    } else if (line[i] == '#' && i > 0 && line[i - 1] == ' ') {
      return i;
    }
  }
  return std::string::npos;
}

const YamlEntry* entry_of(const YamlNode& map, std::string_view key) {
  for (const YamlEntry& entry : map.entries()) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

}  // namespace

/// An empty comment line parts paragraphs.
std::string head_comment(const YamlNode& root) {
  std::string text;
  for (const std::string& line : root.source().lines) {
    if (!is_comment(line)) break;
    const std::string said = comment_text(line, line.find('#'));
    if (said.starts_with(editor_line)) continue;
    if (said.empty()) {
      text += "\n\n";
    } else {
      join(said, text);
    }
  }
  return text;
}

std::string comment_of(const YamlNode& map, const settings::Origin& key) {
  const YamlSource& source = map.source();
  const std::string& line = source.line(key.line);
  const auto start = static_cast<std::size_t>(std::max(0, key.column - 1));
  if (const std::size_t hash = trailing_hash(line, start); hash != std::string::npos) return comment_text(line, hash);
  // Only the first key of a line has the comment above it.
  const std::size_t first = line.find_first_not_of(" -{");
  if (first != start) return {};
  int above = key.line - 1;
  while (above > 0 && is_comment(source.line(above))) --above;
  std::string text;
  for (int at = above + 1; at < key.line; ++at) join(comment_text(source.line(at), source.line(at).find('#')), text);
  return text;
}

/// From the key's line up to the next one that stands as far left; items of a list may stand there, too.
std::string source_of(const YamlNode& map, std::string_view key) {
  const YamlEntry* entry = entry_of(map, key);
  if (entry == nullptr) return {};
  const YamlSource& source = map.source();
  const auto edge = static_cast<std::size_t>(entry->origin.column - 1);
  std::string text;
  const int lines = static_cast<int>(source.lines.size());
  for (int at = entry->origin.line; at <= lines; ++at) {
    const std::string& line = source.line(at);
    const bool is_blank = indent_of(line) == line.size();
    const bool is_item = !is_blank && indent_of(line) == edge && line[edge] == '-';
    if (at > entry->origin.line && !is_blank && indent_of(line) <= edge && !is_item) break;
    text += (is_blank ? "" : line.substr(edge)) + "\n";
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

std::string on_one_line(const YamlNode& value) {
  std::string text;
  if (value.is_sequence()) {
    for (const YamlNode& item : value.items()) text += (text.empty() ? "" : ", ") + on_one_line(item);
    return text;
  }
  if (!value.is_map()) return value.text();
  for (const YamlEntry& entry : value.entries()) {
    text += (text.empty() ? "{ " : ", ") + entry.key + ": " + on_one_line(entry.value);
  }
  return text.empty() ? "{}" : text + " }";
}

}  // namespace engine::operate
