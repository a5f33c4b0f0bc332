#include "connectors/odbc/statement_text.h"

#include <fmt/format.h>

namespace connectors::odbc {

using engine::model::Column;
using engine::model::Layout;

namespace {

std::string_view without_end(std::string_view sql) {
  while (!sql.empty() && (sql.back() == ';' || sql.back() == ' ' || sql.back() == '\n' || sql.back() == '\r' || sql.back() == '\t')) {
    sql.remove_suffix(1);
  }
  return sql;
}

}  // namespace

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

std::string quoted_name(const std::string& name, const engine::settings::DialectDefinition& dialect) {
  const std::string& close = dialect.quote_close;
  return dialect.quote_open + (close.empty() ? name : replaced(name, close, close + close)) + close;
}

std::string plain_type_name(std::string_view source_type) {
  std::string name(source_type.substr(0, source_type.find('(')));
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  while (!name.empty() && name.back() == ' ') name.pop_back();
  return name;
}

const std::string* by_type(const std::map<std::string, std::string>& texts, const Column& column) {
  for (const std::string& name : {plain_type_name(column.source_type), std::string(engine::model::name_of(column.type))}) {
    const auto found = texts.find(name);
    if (found != texts.end()) return &found->second;
  }
  return nullptr;
}

const std::string* select_expression(const Column& column, const engine::settings::DialectDefinition& dialect) {
  return by_type(dialect.select, column);
}

StatementText::StatementText(const engine::model::TableRequest& table, const engine::settings::DialectDefinition& dialect)
    : dialect_(dialect) {
  // A line break before the parenthesis ends a comment that stands in the query's last line. Oracle allows no AS here.
  from_ = table.query.empty() ? fmt::format("{} dp", table.from) : fmt::format("({}\n) dp", without_end(table.query));
  if (!dialect.whole_only) return;
  // Such drivers know no other name for a table.
  alias_.clear();
  from_ = table.from;
}

std::string StatementText::column(const Column& column) const {
  return alias_ + quoted_name(column.name, dialect_);
}

std::string StatementText::selected(const Layout& layout) const {
  std::string list;
  for (const Column& each : layout.columns) {
    const std::string* expression = select_expression(each, dialect_);
    if (!list.empty()) list += ", ";
    list += expression == nullptr ? column(each) : replaced(*expression, "{column}", column(each));
  }
  return fmt::format("SELECT {} FROM {}", list, from_);
}

std::string StatementText::ordered(const Layout& layout) const {
  std::string list;
  for (const std::size_t part : layout.key) list += (list.empty() ? " ORDER BY " : ", ") + column(layout.columns[part]);
  return list;
}

std::string StatementText::limited(std::string sql, std::size_t limit) const {
  if (dialect_.limit.empty()) return sql;
  return replaced(replaced(dialect_.limit, "{n}", fmt::to_string(limit)), "{sql}", sql);
}

std::string StatementText::described() const { return fmt::format("SELECT {}* FROM {} WHERE 1 = 0", alias_, from_); }

/// Keys beyond one key, written as `a >= ? AND (a > ? OR (a = ? AND b > ?))`, which every planner can use an index for; row
/// values are read from the start of the index by MariaDB. `above` is > or <, `last` what the last part is compared by.
std::string StatementText::beyond(const Layout& layout, std::size_t key, std::string_view above, std::string_view last_by, KeyedSql& sql) const {
  const std::size_t last = layout.key.size() - 1;
  std::string condition = fmt::format("{} {} ?", column(layout.columns[layout.key[last]]), last_by);
  for (std::size_t part = last; part-- > 0;) {
    const std::string name = column(layout.columns[layout.key[part]]);
    condition = fmt::format("({0} {1} ? OR ({0} = ? AND {2}))", name, above, condition);
  }
  if (last > 0) {
    condition = fmt::format("{} {}= ? AND {}", column(layout.columns[layout.key[0]]), above, condition);
    sql.markers.push_back({key, 0});
    for (std::size_t part = 0; part < last; ++part) sql.markers.insert(sql.markers.end(), {{key, part}, {key, part}});
  }
  sql.markers.push_back({key, last});
  return condition;
}

std::string StatementText::within(const Layout& layout, RangeEnds ends, std::size_t key, KeyedSql& sql) const {
  std::string condition;
  if (ends.after) condition = " WHERE " + beyond(layout, key++, ">", ">", sql);
  if (ends.up_to) condition += (condition.empty() ? " WHERE " : " AND ") + beyond(layout, key, "<", "<=", sql);
  return condition;
}

KeyedSql StatementText::range(const Layout& layout, RangeEnds ends, std::size_t limit) const {
  KeyedSql sql;
  const std::string condition = within(layout, ends, 0, sql);
  sql.text = limited(selected(layout) + condition + ordered(layout), limit);
  return sql;
}

KeyedSql StatementText::checksums(const Layout& layout, std::span<const RangeEnds> ranges) const {
  const engine::settings::DialectChecksum& checksum = dialect_.checksum;
  std::string list;
  for (const Column& each : layout.columns) {
    const std::string* special = by_type(checksum.columns, each);
    if (!list.empty()) list += ", ";
    list += replaced(special == nullptr ? checksum.column : *special, "{column}", column(each));
  }
  const std::string sum = replaced(checksum.rows, "{columns}", list);
  KeyedSql sql;
  std::size_t key = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::string condition = within(layout, ranges[i], key, sql);
    key += static_cast<std::size_t>(ranges[i].after) + static_cast<std::size_t>(ranges[i].up_to);
    sql.text += fmt::format("{}SELECT {}, {} FROM {}{}", i == 0 ? "" : " UNION ALL ", i, sum, from_, condition);
  }
  return sql;
}

KeyedSql StatementText::whole(const Layout& layout) const { return {.text = selected(layout)}; }

KeyedSql StatementText::with_keys(const Layout& layout, std::size_t keys) const {
  KeyedSql sql;
  std::string condition;
  for (std::size_t key = 0; key < keys; ++key) {
    std::string one;
    for (std::size_t part = 0; part < layout.key.size(); ++part) {
      sql.markers.push_back({key, part});
      one += fmt::format("{}{} = ?", part == 0 ? "" : " AND ", column(layout.columns[layout.key[part]]));
    }
    if (layout.key.size() == 1) {
      condition += key == 0 ? column(layout.columns[layout.key[0]]) + " IN (?" : ", ?";
    } else {
      condition += fmt::format("{}({})", key == 0 ? "" : " OR ", one);
    }
  }
  if (layout.key.size() == 1) condition += ")";
  sql.text = fmt::format("{} WHERE {}", selected(layout), condition);
  return sql;
}

KeyedSql StatementText::null_key(const Layout& layout) const {
  std::string condition;
  for (const std::size_t part : layout.key) {
    if (layout.columns[part].nullable) condition += (condition.empty() ? "" : " OR ") + column(layout.columns[part]) + " IS NULL";
  }
  if (condition.empty()) return {};
  // The order costs nothing here, and some servers limit nothing without one.
  return {.text = limited(fmt::format("SELECT 1 FROM {} WHERE {}{}", from_, condition, ordered(layout)), 1)};
}

}  // namespace connectors::odbc
