#include "engine/operate/story/nested_changes.h"

#include <boost/json.hpp>
#include <map>

namespace engine::operate {

namespace json = boost::json;

namespace {

struct Sides {
  const json::object* before = nullptr;
  const json::object* after = nullptr;
};

std::string key_of(const model::Column& table, const json::object& row) {
  json::array key;
  for (const std::size_t part : table.key) {
    const json::value* value = row.if_contains(table.columns[part].name);
    key.push_back(value == nullptr ? json::value(nullptr) : *value);
  }
  return json::serialize(key);
}

/// Rows by key, in the order in which they stand, those that went last.
std::vector<std::pair<std::string, Sides>> paired(const model::Column& table, const json::value& before, const json::value& after) {
  std::vector<std::pair<std::string, Sides>> rows;
  std::map<std::string, std::size_t> places;
  const auto add = [&](const json::value& side, const json::object* Sides::*member) {
    if (!side.is_array()) return;
    for (const json::value& row : side.get_array()) {
      if (!row.is_object()) continue;
      const std::string key = key_of(table, row.get_object());
      const auto [place, is_new] = places.emplace(key, rows.size());
      if (is_new) rows.push_back({key, {}});
      rows[place->second].second.*member = &row.get_object();
    }
  };
  add(after, &Sides::after);
  add(before, &Sides::before);
  return rows;
}

const json::value& value_in(const json::object& row, const std::string& column) {
  static const json::value none(nullptr);
  const json::value* value = row.if_contains(column);
  return value == nullptr ? none : *value;
}

void append_rows(const model::Column& table, const std::string& path, const json::value& before, const json::value& after,
                 std::vector<ColumnChange>& into) {
  for (const auto& [key, sides] : paired(table, before, after)) {
    const std::string row = path + key;
    if (sides.before == nullptr || sides.after == nullptr) {
      into.push_back(
          {row, sides.before ? json::serialize(*sides.before) : std::string(), sides.after ? json::serialize(*sides.after) : std::string()});
      continue;
    }
    for (const model::Column& column : table.columns) {
      const json::value& was = value_in(*sides.before, column.name);
      const json::value& is = value_in(*sides.after, column.name);
      if (was == is) continue;
      const std::string name = row + "." + column.name;
      column.is_table() ? append_rows(column, name, was, is, into) : into.push_back({name, json::serialize(was), json::serialize(is)});
    }
  }
}

}  // namespace

void append_nested_changes(const model::Column& table, const json::value& before, const json::value& after, std::vector<ColumnChange>& into) {
  append_rows(table, table.name, before, after, into);
}

}  // namespace engine::operate
