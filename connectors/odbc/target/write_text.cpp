#include "connectors/odbc/target/write_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "connectors/odbc/statement_text.h"

namespace connectors::odbc {

using engine::model::Column;
using engine::model::ColumnType;

namespace {

/// The type as a CAST takes it: drivers tell "VARCHAR" and the length apart.
std::string declared_type(const Column& column) {
  const bool has_length = column.type == ColumnType::text || column.type == ColumnType::binary;
  if (column.source_type.find('(') != std::string::npos || column.size == 0) return column.source_type;
  if (column.type == ColumnType::decimal) return fmt::format("{}({},{})", column.source_type, column.size, column.scale);
  return has_length ? fmt::format("{}({})", column.source_type, column.size) : column.source_type;
}

template <class Item>
std::string list(const WriteText::Columns& columns, std::string_view separator, Item item) {
  std::string text;
  for (const std::size_t column : columns) text += (text.empty() ? "" : std::string(separator)) + item(column);
  return text;
}

WriteText::Columns joined(const WriteText::Columns& match, const WriteText::Columns& set) {
  WriteText::Columns all = match;
  for (const std::size_t column : set) {
    if (std::find(match.begin(), match.end(), column) == match.end()) all.push_back(column);
  }
  return all;
}

}  // namespace

std::string WriteText::name(std::size_t column) const { return quoted_name(layout_.columns[column].name, dialect_); }

std::string WriteText::marker(std::size_t column) const {
  const Column& each = layout_.columns[column];
  const auto own = dialect_.write.parameters.find(plain_type_name(each.source_type));
  return own == dialect_.write.parameters.end() ? "?" : own->second;
}

std::string WriteText::condition(const Columns& match, std::vector<WriteMarker>& markers) const {
  for (const std::size_t column : match) markers.push_back({column, true});
  return list(match, " AND ", [this](std::size_t column) { return name(column) + " = " + marker(column); });
}

WriteSql WriteText::insert(const Columns& match, const Columns& set) const {
  const Columns all = joined(match, set);
  WriteSql sql;
  for (std::size_t i = 0; i < all.size(); ++i) sql.markers.push_back({all[i], i < match.size()});
  sql.text = fmt::format("INSERT INTO {} ({}) VALUES ({})", table_, list(all, ", ", [this](std::size_t column) { return name(column); }),
                         list(all, ", ", [this](std::size_t column) { return marker(column); }));
  return sql;
}

WriteSql WriteText::update(const Columns& match, const Columns& set) const {
  WriteSql sql;
  for (const std::size_t column : set) sql.markers.push_back({column, false});
  const std::string assigned = list(set, ", ", [this](std::size_t column) { return name(column) + " = " + marker(column); });
  sql.text = fmt::format("UPDATE {} SET {} WHERE {}", table_, assigned, condition(match, sql.markers));
  return sql;
}

WriteSql WriteText::upsert(const Columns& match, const Columns& set) const {
  const Columns all = joined(match, set);
  const auto& write = dialect_.write;
  const auto value = [&](std::size_t column) {
    const std::string item = replaced(write.value, "{type}", declared_type(layout_.columns[column]));
    return replaced(item, "?", marker(column));
  };
  const auto plain = [this](std::size_t column) { return name(column); };
  WriteSql sql;
  for (std::size_t i = 0; i < all.size(); ++i) sql.markers.push_back({all[i], i < match.size()});
  // Templates hold no value, and no name holds braces that are looked for later: names go in last.
  std::string text = replaced(write.upsert, "{table}", table_);
  text = replaced(text, "{values}", list(all, ", ", value));
  text = replaced(text, "{named}", list(all, ", ", [&](std::size_t column) { return value(column) + " AS " + name(column); }));
  text = replaced(text, "{set}", list(set, ", ", [&](std::size_t column) { return replaced(write.set, "{column}", name(column)); }));
  text = replaced(text, "{on}", list(match, " AND ", [&](std::size_t column) { return fmt::format("dp.{0} = given.{0}", name(column)); }));
  text = replaced(text, "{given}", list(all, ", ", [&](std::size_t column) { return "given." + name(column); }));
  text = replaced(text, "{match}", list(match, ", ", plain));
  sql.text = replaced(text, "{columns}", list(all, ", ", plain));
  return sql;
}

WriteSql WriteText::remove(const Columns& match) const {
  WriteSql sql;
  sql.text = fmt::format("DELETE FROM {} WHERE {}", table_, condition(match, sql.markers));
  return sql;
}

WriteSql WriteText::exists(const Columns& match) const {
  WriteSql sql;
  sql.text = fmt::format("SELECT 1 FROM {} WHERE {}", table_, condition(match, sql.markers));
  return sql;
}

}  // namespace connectors::odbc
