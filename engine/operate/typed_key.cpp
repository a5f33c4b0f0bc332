#include "engine/operate/typed_key.h"

#include <boost/json.hpp>

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
  return typed_key(*layout, table, parts);
}

TypedKey typed_key(const model::Layout& layout, const std::string& table, const std::string& word) {
  return typed_key(layout, table, parts_of(word));
}

}  // namespace engine::operate
