#include "engine/pipeline/planning/columns/column_backfill.h"

#include <set>

#include "engine/model/key.h"
#include "engine/model/older_layout.h"
#include "engine/pipeline/planning/columns/column_use.h"
#include "engine/pipeline/planning/resend.h"

namespace engine::pipeline {

namespace {

constexpr std::size_t page_records = 500;
}  // namespace

std::optional<ColumnBackfill> ColumnBackfill::owed(journal::Records& records, const journal::PipelineRow& row, const Planning& planning,
                                                   const model::Layout& layout) {
  if (!row.layout_id || planning.definition().deliver == settings::DeliverPolicy::every_change) return std::nullopt;
  std::set<std::string> came;
  for (const std::int64_t id : records.tables.layouts(row.table_id)) {
    if (id < *row.layout_id) break;
    const model::OlderLayout older(records.tables.layout(id).value(), layout);
    for (std::size_t column = 0; column < layout.columns.size(); ++column) {
      if (!older.has(column) && names_column(planning.definition(), layout.columns[column].name)) came.insert(layout.columns[column].name);
    }
  }
  if (came.empty()) return std::nullopt;
  std::string columns;
  for (const std::string& column : came) columns += (columns.empty() ? "" : ", ") + column;
  return ColumnBackfill(std::move(columns), records.pipelines.live_records(row.id));
}

bool ColumnBackfill::plan_page(journal::Records& records, Planning& planning, const journal::PipelineRow& row, const model::Layout& layout,
                               const Clock& clock) {
  Resend resend(planning, row, {}, clock);
  const auto keys = records.pipelines.keys_at_target(row.id, after_, page_records);
  for (const std::string& key : keys) {
    const auto image = records.images.find(row.table_id, model::encoded_key_of(layout, model::key_parts(key)));
    // A row that is gone has its delete on the way.
    if (image) resend.image(records, *image);
  }
  if (!keys.empty()) after_ = keys.back();
  looked_at_ += static_cast<std::int64_t>(keys.size());
  sent_ += resend.counts().sent();
  return keys.size() == page_records;
}

}  // namespace engine::pipeline
