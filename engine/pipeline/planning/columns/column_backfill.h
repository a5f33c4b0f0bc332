// A column that a pipeline maps came to its table: what is at the target gets it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::pipeline {

/// One pipeline's backfill of columns. Rows do not change by a column that comes, so no change tells of it; nor does any tell what a column
/// became while it was missing or had another type. So each record that is at the target by the pipeline's hand, or on its way there, is mapped
/// anew, once all rows were read with the column. Rows that were never sent stay so.
class ColumnBackfill {
 public:
  /// Nothing when no column that the pipeline names came since the layout that its records have, or when it sends messages: those are of
  /// their moment.
  static std::optional<ColumnBackfill> owed(journal::Records& records, const journal::PipelineRow& row, const Planning& planning,
                                            const model::Layout& layout);

  /// Plans a page, in one journal transaction of the caller. True when there may be more. A second run finds what the first one planned
  /// equal, so that one that is killed begins anew.
  bool plan_page(journal::Records& records, Planning& planning, const journal::PipelineRow& row, const model::Layout& layout, const Clock& clock);

  const std::string& columns() const { return columns_; }
  /// At the target when it was found to be owed.
  std::int64_t records() const { return records_; }
  std::int64_t looked_at() const { return looked_at_; }
  std::int64_t sent() const { return sent_; }

 private:
  ColumnBackfill(std::string columns, std::int64_t records) : columns_(std::move(columns)), records_(records) {}

  std::string columns_;
  std::int64_t records_ = 0;
  std::string after_;  ///< records up to this key are done
  std::int64_t looked_at_ = 0;
  std::int64_t sent_ = 0;
};

}  // namespace engine::pipeline
