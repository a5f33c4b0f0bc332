#include "connectors/odbc/log/key_text.h"

#include "connectors/odbc/statement_text.h"

namespace connectors::odbc {

using engine::model::Column;
using engine::settings::DialectDefinition;

namespace {

/// What a trigger writes must be what the reader reads: where the dialect selects a type in a form of its own, that form serves here.
const std::string& text_of(const Column& column, const DialectDefinition& dialect) {
  for (const std::string& type : {plain_type_name(column.source_type), std::string(name_of(column.type))}) {
    const auto found = dialect.change_log.key_text.find(type);
    if (found != dialect.change_log.key_text.end()) return found->second;
  }
  const std::string* selected = select_expression(column, dialect);
  return selected == nullptr ? dialect.change_log.part_text : *selected;
}

}  // namespace

std::string key_expression(const engine::model::Layout& layout, const DialectDefinition& dialect, std::string_view row) {
  std::string key;
  for (const std::size_t part : layout.key) {
    const Column& column = layout.columns[part];
    const std::string text = replaced(text_of(column, dialect), "{column}", std::string(row) + quoted_name(column.name, dialect));
    key += (key.empty() ? "" : dialect.change_log.key_join) + replaced(dialect.change_log.key_part, "{text}", text);
  }
  return replaced(dialect.change_log.key, "{parts}", key);
}

std::string text_of_key(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (&part != parts.data()) text += '|';
    for (const char c : part) c == '~' ? text += "~0" : c == '|' ? text += "~1" : text += c;
  }
  return text;
}

std::optional<std::vector<std::string>> parts_of_key(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '|') {
      parts.emplace_back();
    } else if (text[at] != '~') {
      parts.back() += text[at];
    } else if (++at < text.size() && (text[at] == '0' || text[at] == '1')) {
      parts.back() += text[at] == '0' ? '~' : '|';
    } else {
      return std::nullopt;
    }
  }
  return parts;
}

}  // namespace connectors::odbc
