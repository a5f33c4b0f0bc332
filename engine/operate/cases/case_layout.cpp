#include "engine/operate/cases/case_layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/map/check/columns_named.h"
#include "engine/operate/cases/case_document.h"

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
  explicit Inference(model::Layout& layout) : layout_(layout) {}

  void look_at(const std::vector<settings::CaseRows>& tables, const std::string& table) {
    for (const settings::CaseRows& rows : tables) {
      if (rows.table != table) continue;
      for (const settings::CaseRow& row : rows.rows) look_at(row);
    }
  }

  void look_at(const settings::CaseRow& row) {
    for (const settings::CaseCell& cell : row.cells) {
      if (!cell.is_table) look_at(cell);
    }
  }

  /// Whether there was none.
  bool add(const std::string& name, const std::vector<std::string>& excluded) {
    const bool is_excluded = std::find(excluded.begin(), excluded.end(), name) != excluded.end();
    if (is_excluded || layout_.find(name)) return false;
    layout_.columns.push_back({.name = name});
    return true;
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
  std::set<std::string> unseen_;  ///< nothing but NULL so far
};

/// A column, or a table nested deeper, is called so.
bool holds(const model::Column& table, const std::string& name) {
  return std::any_of(table.columns.begin(), table.columns.end(), [&](const model::Column& column) { return column.name == name || holds(column, name); });
}

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

void add_everywhere(const std::string& name, std::vector<model::Column>& tables) {
  for (model::Column& table : tables) {
    if (!table.is_table()) continue;
    add_everywhere(name, table.columns);
    table.columns.push_back({.name = name});
  }
}

/// What the expressions call a column and no row has. Whose column it is nobody can tell: each table has one, so that each finds its own.
void add_named(const settings::PipelineDefinition& pipeline, const settings::TableDefinition& table, Inference& inference, std::vector<model::Column>& nested) {
  std::set<std::string> names = map::columns_named(pipeline);
  for (const settings::HoldWhile& condition : pipeline.hold_while) {
    for (const settings::QueryPart& part : condition.parts) {
      if (!part.column.empty()) names.insert(part.column);
    }
  }
  for (const std::string& name : names) {
    const bool is_nested = std::any_of(nested.begin(), nested.end(), [&](const model::Column& column) { return column.name == name || holds(column, name); });
    if (is_nested) continue;
    if (inference.add(name, table.request.exclude)) add_everywhere(name, nested);
  }
}

}  // namespace

model::Layout inferred_layout(const std::vector<const settings::CaseRow*>& rows) {
  model::Layout layout;
  Inference inference(layout);
  for (const settings::CaseRow* row : rows) inference.look_at(*row);
  return layout;
}

/// What `columns:` say counts alone; a layout that was read once goes before guesses.
model::Layout case_layout(const settings::CaseDefinition& definition, const settings::TableDefinition& table,
                          const settings::PipelineDefinition& pipeline, const std::optional<model::Layout>& known) {
  const auto said = definition.columns.find(table.name);
  if (said == definition.columns.end() && known) return *known;
  model::Layout layout;
  if (said != definition.columns.end()) layout.columns = said->second;
  Inference inference(layout);
  if (said == definition.columns.end()) {
    inference.look_at(definition.given, table.name);
    for (const settings::CaseStep& step : definition.steps) inference.look_at(step.rows, table.name);
  }
  std::vector<model::Column> nested;
  if (!table.request.nested.empty()) {
    set_key(definition, table, layout);
    nested = nested_columns(definition, table, layout);
  }
  if (pipeline.table == table.name) add_named(pipeline, table, inference, nested);
  set_key(definition, table, layout);
  for (model::Column& column : nested) layout.columns.push_back(std::move(column));
  return layout;
}

}  // namespace engine::operate
