#include "engine/operate/typed_key.h"

#include <boost/json.hpp>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/model/key.h"
#include "engine/operate/instance_access.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

/// A value that happens to be JSON, but no list, is the value itself: a key may be `"7"` or `{1}`.
std::vector<std::string> parts_of(const std::string& word) {
  json::error_code broken;
  const json::value value = json::parse(word, broken);
  if (broken || !value.is_array()) return {word};
  std::vector<std::string> parts;
  for (const json::value& part : value.get_array()) {
    parts.push_back(part.is_string() ? std::string(part.get_string()) : json::serialize(part));
  }
  return parts;
}

/// The same number with as many zeros behind its point as `scale` says; digits that are none stay.
std::string with_scale(std::string number, std::size_t scale) {
  std::size_t point = number.find('.');
  if (point == std::string::npos) {
    point = number.size();
    number += '.';
  }
  while (number.size() - point - 1 > scale && number.back() == '0') number.pop_back();
  while (number.size() - point - 1 < scale) number += '0';
  if (number.back() == '.') number.pop_back();
  return number;
}

/// As typed; as the column is declared; without zeros that say nothing. Which of them a source gives is its own affair: PostgreSQL pads to the
/// scale, SQLite gives what was stored.
std::vector<std::vector<std::string>> forms_of(const model::Layout& layout, std::span<const std::string> parts) {
  std::vector<std::vector<std::string>> forms(3, {parts.begin(), parts.end()});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const model::Column& column = layout.columns[layout.key[i]];
    if (column.type != model::ColumnType::decimal) continue;
    forms[1][i] = with_scale(parts[i], static_cast<std::size_t>(std::max(column.scale, 0)));
    forms[2][i] = with_scale(parts[i], 0);
  }
  return forms;
}

bool is_known(journal::Records& records, std::int64_t table_id, const TypedKey& key) {
  return records.images.find(table_id, key.encoded) || !records.changes.of_key(table_id, key.json, 1).empty();
}

}  // namespace

TypedKey typed_key(const model::Layout& layout, const std::string& table, std::span<const std::string> parts) {
  std::string wanted;
  for (const std::size_t position : layout.key) wanted += (wanted.empty() ? "" : " ") + layout.columns[position].name;
  const auto key = model::key_json_of(layout, parts);
  if (!key) {
    throw Error(ErrorCode::config_invalid, "that is no key of table " + table, {}, "its key is: " + wanted);
  }
  const std::vector<std::string> cells = *model::key_cells_of(layout, parts);
  TypedKey typed{*key, model::encoded_key_of(layout, parts), {}};
  for (std::size_t i = 0; i < cells.size(); ++i) typed.parts.push_back(model::source_key_part(layout.columns[layout.key[i]].type, cells[i]));
  return typed;
}

TypedKey typed_key(journal::Records& records, const std::string& table, std::span<const std::string> parts) {
  const auto layout = known_layout(records, table);
  if (!layout) throw Error(ErrorCode::config_invalid, "table " + table + " was never read", {}, "start the daemon first");
  const TypedKey typed = typed_key(*layout, table, parts);
  const std::int64_t table_id = records.tables.find(table)->id;
  for (const std::vector<std::string>& form : forms_of(*layout, parts)) {
    TypedKey key = typed_key(*layout, table, form);
    if (is_known(records, table_id, key)) return key;
  }
  return typed;
}

TypedKey typed_key(journal::Records& records, const std::string& table, const std::string& word) {
  return typed_key(records, table, parts_of(word));
}

TypedKey typed_key(const model::Layout& layout, const std::string& table, const std::string& word) {
  return typed_key(layout, table, parts_of(word));
}

}  // namespace engine::operate
