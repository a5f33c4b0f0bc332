// A table as one cycle finds it in the journal.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/clock.h"
#include "engine/capture/position.h"
#include "engine/journal/journal.h"
#include "engine/model/layout.h"
#include "engine/settings/table_definition.h"

namespace engine::capture {

struct TrackedTable {
  journal::SourceTable row;
  model::Layout layout;  ///< in the order in which rows are read
  std::int64_t layout_id = 0;
  Position position;
  std::optional<std::int64_t> open_cycle;  ///< a killed cycle, to go on under its id
};

/// Looks the table up and compares its columns with those the source describes now; others become its layout, and its images follow when their
/// rows are read. One without a checkpoint is new: its layout, its first position and the snapshot's cycle are journaled. Throws
/// source_schema_changed for another key, journal_*.
TrackedTable track_table(journal::Journal& journal, const Clock& clock, const std::string& name, const model::Layout& described);

}  // namespace engine::capture
