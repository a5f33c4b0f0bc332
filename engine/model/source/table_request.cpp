#include "engine/model/source/table_request.h"

#include <algorithm>

#include "engine/base/error.h"

namespace engine::model {

std::vector<std::string> root_columns(const TableRequest& document, const NestedTable& table) {
  if (table.of.empty()) return table.parent;
  const auto above = std::find_if(document.nested.begin(), document.nested.end(), [&](const NestedTable& other) { return other.name == table.of; });
  ENGINE_ASSERT(above != document.nested.end());
  std::vector<std::string> columns;
  for (const std::string& of_above : root_columns(document, *above)) {
    const auto part = std::find(above->key.begin(), above->key.end(), of_above);
    // What is no part of the parent's key does not stand in its rows.
    if (part == above->key.end()) return {};
    columns.push_back(table.parent.at(static_cast<std::size_t>(part - above->key.begin())));
  }
  return columns;
}

TableRequest request_of(const TableRequest& document, const NestedTable& table) {
  TableRequest request{
      .from = table.from, .query = table.query, .key = root_columns(document, table), .exclude = table.exclude, .constants = {}, .nested = {}};
  if (request.key.empty()) request.key = table.parent;
  return request;
}

std::string growing_name(const NestedTable& table, const std::string& column) { return table.name + "." + column; }

std::string part_name(const std::string& document, const NestedTable& table) { return document + "." + table.name; }

}  // namespace engine::model
