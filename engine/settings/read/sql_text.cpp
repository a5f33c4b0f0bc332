#include "engine/settings/read/sql_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "engine/model/fields.h"
#include "engine/settings/map_reader.h"
#include "engine/settings/yaml/yaml_text.h"

namespace engine::settings {
namespace {

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (text.empty() || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// Of a quoted text or comment that begins at `at`: its last byte, npos where its quote is never closed. None begins: nullopt.
std::optional<std::size_t> end_of_inert(std::string_view sql, std::size_t at) {
  // A doubled quote inside reads as an end and a new start, which comes to the same.
  if (sql[at] == '\'' || sql[at] == '"') return sql.find(sql[at], at + 1);
  if (sql.substr(at, 2) == "--") return std::min(sql.find('\n', at), sql.size());
  if (sql.substr(at, 2) == "/*") return std::min(sql.find("*/", at + 2), sql.size() - 1);
  return std::nullopt;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Where a byte of the expression stands in the file. Exact for one line and for `|-`; else its first line is told.
Origin origin_inside(const Expression& expression, std::size_t offset) {
  Origin origin = expression.origin;
  const std::string_view before = std::string_view(expression.sql).substr(0, offset);
  const std::size_t line_end = before.rfind('\n');
  if (line_end == std::string_view::npos) {
    origin.column += static_cast<int>(offset);
  } else if (expression.literal_indent >= 0) {
    origin.line += static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    origin.column = expression.literal_indent + static_cast<int>(offset - line_end);
  }
  return origin;
}

std::string what_is_open(const SqlBalance& balance) {
  if (balance.open_quote != '\0') return fmt::format("the quote {} is never closed", balance.open_quote);
  return balance.open_parentheses > 0 ? "a '(' is never closed" : "a ')' closes nothing";
}

/// The rest of the raw line behind an unquoted value; empty when the value goes on below.
std::string_view behind_plain(const YamlNode& value) {
  const std::string_view line = value.source().line(value.origin().line);
  const std::size_t start = static_cast<std::size_t>(value.origin().column) - 1;
  if (start > line.size() || !line.substr(start).starts_with(value.text())) return {};
  return line.substr(start + value.text().size());
}

/// The raw value up to the end of the line, without the braces that close behind it.
std::string whole_raw_value(const YamlNode& value) {
  std::string text = value.text() + std::string(behind_plain(value));
  const std::size_t end = text.find_last_not_of(" }]");
  return text.substr(0, end + 1);
}

/// YAML ends an unquoted value at ' #' anywhere, and at a comma inside braces: what is missing stands behind it, and is
/// shown.
void report_unbalanced(const YamlNode& value, const Expression& expression, const SqlBalance& balance,
                       const std::string& named, Diagnostics& diagnostics) {
  const Origin origin = origin_inside(expression, balance.at);
  const std::string open = what_is_open(balance);
  const std::string_view rest = value.is_plain() ? behind_plain(value) : std::string_view{};
  const std::size_t next = rest.find_first_not_of(" \t");
  if (next != std::string_view::npos && next > 0 && rest[next] == '#') {
    diagnostics.error(
        "sql.unbalanced", origin,
        fmt::format("in {} {}: to YAML ' #' starts a comment, which took \"{}\"", named, open, rest.substr(next)),
        "write " + yaml_quoted(whole_raw_value(value)));
  } else if (next != std::string_view::npos && value.is_flow() && rest[next] == ',') {
    diagnostics.error("sql.unbalanced", origin,
                      fmt::format("in {} {}: inside {{…}} and […] a comma ends an unquoted value", named, open),
                      "quote the expression as a whole, or write the entries below each other, without the braces");
  } else {
    diagnostics.error("sql.unbalanced", origin, fmt::format("in {} {}", named, open));
  }
}

/// Only what YAML itself may have spoiled: whether it is SQL is known when it is compiled.
void check_sql(const YamlNode& value, const Expression& expression, const std::string& named,
               Diagnostics& diagnostics) {
  if (const SqlBalance balance = sql_balance(expression.sql); !balance.closed()) {
    report_unbalanced(value, expression, balance, named, diagnostics);
  }
  if (value.style() == YamlNode::Style::single_quoted && is_identifier(expression.sql)) {
    diagnostics.warning(
        "sql.quotes_lost", expression.origin,
        fmt::format("{} is the column {}: YAML took the quotes of '{}' for its own", named, expression.sql,
                    expression.sql),
        fmt::format("write \"'{0}'\" for the text, or {0} without quotes for the column", expression.sql));
  }
}

/// An expression made of the flow items `first` to `last`, as it stands in the file.
Expression joined(std::span<const YamlNode> items, std::size_t first, std::size_t last) {
  const YamlNode& from = items[first];
  const YamlNode& to = items[last];
  Expression expression{from.text(), from.origin(), from.literal_indent()};
  if (first == last) return expression;
  const std::string_view line = from.source().line(from.origin().line);
  const std::size_t start = static_cast<std::size_t>(from.origin().column) - 1;
  const std::size_t end = static_cast<std::size_t>(to.origin().column) - 1 + to.text().size();
  if (from.origin().line == to.origin().line && end <= line.size()) {
    expression.sql = line.substr(start, end - start);
    return expression;
  }
  for (std::size_t i = first + 1; i <= last; ++i) expression.sql += ", " + items[i].text();
  return expression;
}

/// The first item at or behind `first` that closes what it opens; `first` itself when none does.
std::size_t end_of_item(std::span<const YamlNode> items, std::size_t first) {
  for (std::size_t last = first; last < items.size() && items[last].is_plain() && items[last].is_flow(); ++last) {
    if (sql_balance(joined(items, first, last).sql).closed()) return last;
  }
  return first;
}

void read_list(const YamlNode& list, const std::string& named, FieldExpression& field, Diagnostics& diagnostics) {
  field.is_list = true;
  const std::span<const YamlNode> items = list.items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t last = items[i].is_scalar() ? end_of_item(items, i) : i;
    if (last == i) {
      if (auto expression = read_expression(items[i], "an item of " + named, diagnostics))
        field.expressions.push_back(std::move(*expression));
      continue;
    }
    field.expressions.push_back(joined(items, i, last));
    i = last;
  }
}

}  // namespace

SqlBalance sql_balance(std::string_view sql) {
  SqlBalance balance;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (const auto last = end_of_inert(sql, i)) {
      if (*last == std::string_view::npos) return {c, 0, i};
      i = *last;
    } else if (c == '(') {
      open.push_back(i);
    } else if (c == ')') {
      if (open.empty()) return {'\0', -1, i};
      open.pop_back();
    }
  }
  balance.open_parentheses = static_cast<int>(open.size());
  if (!open.empty()) balance.at = open.back();
  return balance;
}

std::vector<QueryPart> query_parts(const Expression& query) {
  const std::string_view sql = query.sql;
  std::vector<QueryPart> parts;
  std::size_t from = 0;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (const auto last = end_of_inert(sql, i)) {
      i = *last;
      if (i == std::string_view::npos) break;
      continue;
    }
    const bool alone = sql[i] == ':' && (i == 0 || (sql[i - 1] != ':' && !is_word(sql[i - 1])));
    std::size_t end = i + 1;
    while (end < sql.size() && is_word(sql[end])) ++end;
    if (!alone || end == i + 1) continue;
    parts.push_back({std::string(sql.substr(from, i - from)), std::string(sql.substr(i + 1, end - i - 1)), origin_inside(query, i)});
    from = end;
    i = end - 1;
  }
  parts.push_back({std::string(sql.substr(from)), "", query.origin});
  return parts;
}

std::optional<Expression> read_expression(const YamlNode& value, const std::string& named, Diagnostics& diagnostics) {
  if (!value.is_scalar()) {
    refuse_kind(value, named, "a SQL expression", diagnostics);
    return std::nullopt;
  }
  if (value.text().find_first_not_of(" \t\n") == std::string::npos) {
    const bool quoted = !value.is_plain();
    diagnostics.error("value.missing", value.origin(), fmt::format("{} is empty", named),
                      quoted ? "write \"''\" for the empty text" : "write an expression, or null for SQL's NULL");
    return std::nullopt;
  }
  Expression expression{value.text(), value.origin(), value.literal_indent()};
  check_sql(value, expression, named, diagnostics);
  return expression;
}

bool check_field_name(const std::string& name, const Origin& origin, Diagnostics& diagnostics) {
  const bool bad = name.empty() || name.front() == '.' || name.back() == '.' || name.find("..") != std::string::npos ||
                   name.find_first_of(" \t\n") != std::string::npos || model::is_association(name);
  if (bad)
    diagnostics.error("value.name", origin,
                      fmt::format("'{}' is no field name: parts joined by single dots, without blanks", name));
  return !bad;
}

std::vector<FieldExpression> read_fields(const YamlNode& fields, const std::string& what, Diagnostics& diagnostics) {
  std::vector<FieldExpression> read;
  if (!fields.is_map()) refuse_kind(fields, what, "a map of fields to expressions", diagnostics);
  for (const YamlEntry& entry : fields.entries()) {
    const std::string named = fmt::format("'{}' of {}", entry.key, what);
    // What a comma inside an unquoted flow value leaves behind: `{ code: f(a, b) }` has a key `b)` without a value.
    const bool torn_off = entry.value.is_flow() && entry.value.is_null() && !sql_balance(entry.key).closed();
    if (torn_off || !check_field_name(entry.key, entry.origin, diagnostics)) continue;
    FieldExpression field;
    field.field = entry.key;
    if (entry.value.is_sequence()) {
      read_list(entry.value, named, field, diagnostics);
    } else if (entry.value.is_map()) {
      diagnostics.error("value.type", entry.origin, fmt::format("{} is a map, but must be an expression", named),
                        fmt::format("name the nested field with a dot: '{}.{}'", entry.key,
                                    entry.value.entries().empty() ? "x" : entry.value.entries()[0].key));
      continue;
    } else if (auto expression = read_expression(entry.value, named, diagnostics)) {
      field.expressions.push_back(std::move(*expression));
    }
    // A field whose expression was refused still counts as written, so that one problem does not raise another.
    read.push_back(std::move(field));
  }
  return read;
}

}  // namespace engine::settings
