#include "connectors/odbc/target/target_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "connectors/odbc/catalogue/table_shape.h"
#include "connectors/odbc/target/column_value.h"
#include "engine/settings/diagnostics.h"

namespace connectors::odbc {

std::size_t TargetTable::column_of(const std::string& field) const {
  if (const auto found = layout.find(field)) return *found;
  std::vector<std::string> names;
  for (const engine::model::Column& column : layout.columns) names.push_back(column.name);
  const std::string near = engine::settings::did_you_mean(field, names, "it has " + engine::settings::listed(names, "and"));
  throw Unwritable(fmt::format("the table {} has no column '{}': {}", name, field, near));
}

bool TargetTable::can_upsert(std::vector<std::size_t> match, const std::vector<std::size_t>& set, bool any_unique_key) const {
  std::sort(match.begin(), match.end());
  if (std::find(unique_keys.begin(), unique_keys.end(), match) == unique_keys.end()) return false;
  if (!any_unique_key) return true;
  const auto is_written = [&](std::size_t column) {
    return std::binary_search(match.begin(), match.end(), column) || std::find(set.begin(), set.end(), column) != set.end();
  };
  // A key that gets no value from here (a number the server gives) meets no other row.
  return std::all_of(unique_keys.begin(), unique_keys.end(), [&](const std::vector<std::size_t>& key) {
    return key == match || std::none_of(key.begin(), key.end(), is_written);
  });
}

TargetTable describe_target_table(Session& session, const std::string& name) {
  TargetTable table{.name = name};
  engine::model::TableRequest request;
  request.from = name;
  table.layout = describe_columns(session, request);
  const auto& dialect = session.dialect();
  table.plans = plan_read(table.layout, dialect, engine::settings::CharPadding::keep, true, true).columns;
  for (ColumnPlan& plan : table.plans) plan.wide_text = dialect.write.wide_text;
  for (const IndexColumns& index : indexes_of(session, name)) {
    if (!index.unique && !index.primary) continue;
    std::vector<std::size_t> key;
    for (const std::string& column : index.columns) {
      if (const auto found = table.layout.find(column)) key.push_back(*found);
    }
    // An index over an expression is no key of columns.
    if (key.empty() || key.size() != index.columns.size()) continue;
    std::sort(key.begin(), key.end());
    table.unique_keys.push_back(std::move(key));
  }
  return table;
}

}  // namespace connectors::odbc
