#include "engine/model/layout.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/model/kept_json.h"

namespace engine::model {

namespace {

/// In the order of ColumnType.
constexpr std::array<std::string_view, 8> type_names = {"integer", "real", "decimal", "text",
                                                        "binary",  "date", "time",    "timestamp"};
static_assert(static_cast<std::size_t>(ColumnType::timestamp) + 1 == type_names.size());

char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_without_case(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, ascii_lower, ascii_lower);
}

std::vector<std::size_t> key_from(const boost::json::value& positions, std::size_t columns) {
  std::vector<std::size_t> key;
  for (const auto& position : positions.as_array()) {
    const auto index = position.to_number<std::size_t>();
    if (index >= columns) throw Error(ErrorCode::journal_failed, "a stored layout's key lies outside its columns");
    key.push_back(index);
  }
  return key;
}

Column column_from(const boost::json::object& object) {
  Column column;
  column.name = object.at("name").as_string().c_str();
  const auto type = column_type_of(std::string_view(object.at("type").as_string()));
  if (!type) throw Error(ErrorCode::journal_failed, "a stored layout names a column type this program does not know");
  column.type = *type;
  column.size = object.at("size").to_number<std::uint64_t>();
  column.scale = object.at("scale").to_number<int>();
  column.nullable = object.at("nullable").as_bool();
  column.source_type = object.at("source_type").as_string().c_str();
  if (const auto* columns = object.if_contains("columns")) {
    for (const auto& each : columns->as_array()) column.columns.push_back(column_from(each.as_object()));
    column.key = key_from(object.at("key"), column.columns.size());
  }
  return column;
}

boost::json::array key_json(const std::vector<std::size_t>& key) {
  boost::json::array positions;
  for (const std::size_t position : key) positions.push_back(static_cast<std::uint64_t>(position));
  return positions;
}

boost::json::array columns_json(const std::vector<Column>& columns) {
  boost::json::array all;
  for (const Column& column : columns) {
    boost::json::object one{{"name", column.name},         {"type", name_of(column.type)},         {"size", column.size},
                            {"scale", column.scale},       {"nullable", column.nullable},          {"source_type", column.source_type}};
    if (column.is_table()) {
      one["columns"] = columns_json(column.columns);
      one["key"] = key_json(column.key);
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

std::string_view name_of(ColumnType type) { return type_names[static_cast<std::size_t>(type)]; }

std::optional<ColumnType> column_type_of(std::string_view name) {
  const auto found = std::ranges::find(type_names, name);
  if (found == type_names.end()) return std::nullopt;
  return static_cast<ColumnType>(found - type_names.begin());
}

std::optional<std::size_t> Layout::find(std::string_view name) const {
  auto found = std::ranges::find(columns, name, &Column::name);
  if (found == columns.end()) {
    found = std::ranges::find_if(columns, [&](const Column& c) { return equal_without_case(c.name, name); });
  }
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

Layout rows_of(const Column& table) {
  ENGINE_ASSERT(table.is_table());
  return {.columns = table.columns, .key = table.key};
}

std::string layout_json(const Layout& layout) {
  const boost::json::object whole{{"columns", columns_json(layout.columns)}, {"key", key_json(layout.key)}};
  return boost::json::serialize(whole);
}

Layout layout_from_json(std::string_view json) {
  return read_kept(json, "a layout", [](const boost::json::value& whole) {
    Layout layout;
    for (const auto& column : whole.at("columns").as_array()) layout.columns.push_back(column_from(column.as_object()));
    layout.key = key_from(whole.at("key"), layout.columns.size());
    return layout;
  });
}

}  // namespace engine::model
