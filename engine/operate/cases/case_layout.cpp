#include "engine/operate/cases/case_layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/map/check/columns_named.h"

namespace engine::operate {

namespace {

using model::ColumnType;

/// Digits with and without a point are one column of money; anything else that disagrees is text.
ColumnType joined(ColumnType one, ColumnType other) {
  const auto is = [&](ColumnType a, ColumnType b) { return (one == a && other == b) || (one == b && other == a); };
  if (one == other) return one;
  if (is(ColumnType::integer, ColumnType::decimal)) return ColumnType::decimal;
  if (is(ColumnType::integer, ColumnType::real) || is(ColumnType::decimal, ColumnType::real)) return ColumnType::real;
  return ColumnType::text;
}

/// Types by the way values are written, all rows of the case together.
class Inference {
 public:
  Inference(model::Layout& layout, const settings::TableDefinition& table) : layout_(layout), table_(table) {}

  void look_at(const std::vector<settings::CaseRows>& tables) {
    for (const settings::CaseRows& rows : tables) {
      if (rows.table != table_.name) continue;
      for (const settings::CaseRow& row : rows.rows) {
        for (const settings::CaseCell& cell : row.cells) look_at(cell);
      }
    }
  }

  void add(const std::string& name) {
    const auto& excluded = table_.request.exclude;
    const bool is_excluded = std::find(excluded.begin(), excluded.end(), name) != excluded.end();
    if (!is_excluded && !layout_.find(name)) layout_.columns.push_back({.name = name});
  }

 private:
  void look_at(const settings::CaseCell& cell) {
    const auto known = layout_.find(cell.column);
    if (!known) {
      layout_.columns.push_back({.name = cell.column, .type = cell.looks_like});
      if (!cell.text) unseen_.insert(cell.column);
      return;
    }
    if (!cell.text) return;
    ColumnType& type = layout_.columns[*known].type;
    type = unseen_.erase(layout_.columns[*known].name) > 0 ? cell.looks_like : joined(type, cell.looks_like);
  }

  model::Layout& layout_;
  const settings::TableDefinition& table_;
  std::set<std::string> unseen_;  ///< nothing but NULL so far
};

void set_key(const settings::CaseDefinition& definition, const settings::TableDefinition& table, model::Layout& layout) {
  layout.key.clear();
  for (const std::string& name : table.request.key) {
    const auto column = layout.find(name);
    if (!column) {
      throw Error(ErrorCode::config_invalid, fmt::format("no row of the case has the key column '{}' of the table '{}'", name, table.name),
                  {{"file", definition.origin.text()}}, "give each row its key");
    }
    layout.columns[*column].nullable = false;
    layout.key.push_back(*column);
  }
}

}  // namespace

/// What `columns:` say counts alone; a layout that was read once goes before guesses.
model::Layout case_layout(const settings::CaseDefinition& definition, const settings::TableDefinition& table,
                          const settings::PipelineDefinition& pipeline, const std::optional<model::Layout>& known) {
  const auto said = definition.columns.find(table.name);
  if (said == definition.columns.end() && known) return *known;
  model::Layout layout;
  if (said != definition.columns.end()) layout.columns = said->second;
  Inference inference(layout, table);
  if (said == definition.columns.end()) {
    inference.look_at(definition.given);
    for (const settings::CaseStep& step : definition.steps) inference.look_at(step.rows);
  }
  if (pipeline.table == table.name) {
    for (const std::string& name : map::columns_named(pipeline)) inference.add(name);
  }
  set_key(definition, table, layout);
  return layout;
}

}  // namespace engine::operate
