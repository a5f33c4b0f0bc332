// What every capture mode is to its caller: one cycle after another over one table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/blocking.h"
#include "engine/base/clock.h"
#include "engine/capture/tail/feed_turns.h"
#include "engine/journal/journal.h"
#include "engine/model/source.h"
#include "engine/settings/table_definition.h"

namespace engine::capture {

/// What a reading of all rows found that the mode had not seen, and would not have.
struct Healed {
  std::int64_t inserts = 0;
  std::int64_t updates = 0;
  std::int64_t deletes = 0;
};

struct CycleResult {
  std::int64_t rows_read = 0;
  std::int64_t inserts = 0;
  std::int64_t updates = 0;
  std::int64_t deletes = 0;
  std::int64_t duration_ms = 0;
  bool snapshot = false;  ///< the first one
  Healed healed;          ///< of these changes
};

/// What a long cycle tells while it runs: rows so far, and rows of the last complete pass (0: unknown).
using Progress = std::function<void(std::int64_t rows, std::int64_t rows_expected)>;

/// Rows of a table to be read again out of turn: those with one of these keys, or those for which an SQL condition holds.
struct Selection {
  struct Key {
    std::string encoded;  ///< as the images' index has it
    model::SourceKey source_key;
  };
  std::vector<Key> keys;
  std::string where;  ///< in the source's own SQL; used when there are no keys
};

struct SelectedRows {
  CycleResult result;                  ///< what was new about them
  std::vector<std::int64_t> ordinals;  ///< images of the rows that are there now, ascending
};

/// Part of a range of keys in the server's own order.
struct KeyChunk {
  std::optional<Selection::Key> first;      ///< the range begins with it; none: with the table, or behind `after`
  std::optional<model::SourceKey> after;    ///< where the chunk before ended
  std::optional<model::SourceKey> up_to;    ///< the range ends with it; none: with the table
  std::size_t rows = 0;                     ///< to be read at most
};

struct ChunkRows : SelectedRows {
  std::optional<model::SourceKey> last;  ///< none: there are no more rows in the range, and only that says so
};

class CaptureMode {
 public:
  virtual ~CaptureMode() = default;
  /// Reads what changed and journals it: changes, images and checkpoint in one transaction a chunk. Blocking. Throws Error source_* (the
  /// next call resumes at the checkpoint), journal_*, stopped.
  virtual CycleResult run_cycle(model::Source& source, const StopSignal& stop, const Progress& progress) = 0;
  /// Brings the images of chosen rows up to date; never while a cycle of the table runs. A chosen key that is gone is journaled as a delete; of a
  /// condition only what is there is believed. Throws as `run_cycle`, and config_invalid before the first snapshot is complete.
  virtual SelectedRows read_again(model::Source& source, const Selection& selection, const StopSignal& stop,
                                  const Progress& progress) = 0;
  /// The same for the next rows of a range, between two cycles: what is remembered to spare readings stays, unless something had changed. Of rows that are
  /// gone only the one that the range begins with is journaled, others are left to the cycles. Throws config_invalid for a table whose key no index leads
  /// with.
  virtual ChunkRows read_chunk(model::Source& source, const KeyChunk& chunk, const StopSignal& stop) = 0;
};

/// By the table's `mode:`. The tables of a connection share `turns`.
std::unique_ptr<CaptureMode> make_capture_mode(const settings::TableDefinition& table, journal::Journal& journal,
                                               const Clock& clock, const std::shared_ptr<FeedTurns>& turns = std::make_shared<FeedTurns>());

}  // namespace engine::capture
