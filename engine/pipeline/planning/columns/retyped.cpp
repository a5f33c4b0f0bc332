#include "engine/pipeline/planning/columns/retyped.h"

#include <algorithm>

#include "engine/pipeline/planning/columns/column_use.h"

namespace engine::pipeline {

namespace {

std::string retyped_columns(const settings::PipelineDefinition& pipeline, const model::Layout& before, const model::Layout& now) {
  std::string text;
  for (const model::Column& is : now.columns) {
    const auto was = std::ranges::find(before.columns, is.name, &model::Column::name);
    if (was == before.columns.end() || was->type == is.type || !names_column(pipeline, is.name)) continue;
    text += (text.empty() ? "" : "; ") + std::string("column ") + is.name + " was " + std::string(name_of(was->type)) + " and is " +
            std::string(name_of(is.type));
  }
  return text;
}

}  // namespace

std::string retyped_under(journal::Records& records, const journal::PipelineRow& row, const Planning& planning, const model::Layout& layout) {
  if (row.mapping.empty() || row.mapping == planning.fingerprint()) return {};
  for (const std::int64_t id : records.tables.layouts(row.table_id)) {
    const model::Layout before = records.tables.layout(id).value();
    const std::string text = retyped_columns(planning.definition(), before, layout);
    if (text.empty()) continue;
    settings::Diagnostics ignored;
    const auto then = Planning::compile(planning.definition(), before, ignored);
    if (then && then->fingerprint() == row.mapping) {
      return text + ": its changes wait until the type is back, or until the expression that reads it is adapted and reloaded";
    }
  }
  return {};
}

}  // namespace engine::pipeline
