// One reading of a whole table, in chunks by key or as one stream.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/capture/diff/merge.h"
#include "engine/capture/diff/recheck.h"

namespace engine::capture {

/// What a pass works on; all outlive it.
struct PassScope {
  model::Source& source;
  const model::TableShape& shape;
  const settings::TableDefinition& definition;
  const TrackedTable& table;
  journal::Journal& journal;
  const StopSignal& stop;
  const Progress& progress;
};

class Pass {
 public:
  Pass(const PassScope& scope, PassBitmap& seen, CycleWriter& writer, Recheck& recheck)
      : scope_(scope), writer_(writer), recheck_(recheck), merge_(scope.journal, scope.table, seen, writer) {}

  /// Returns when the pass is complete: the last chunk came back empty, or the stream ended without a diagnostic. All
  /// found is written. A first snapshot goes on at its checkpoint.
  void run();

 private:
  void read_chunks();
  void read_whole();
  /// Reads one chunk to its end; the last key in it, or none when it was empty.
  std::optional<model::SourceKey> read_chunk(const std::optional<model::SourceKey>& after);
  void take_batch(const model::RowStream& stream);
  void write(const std::optional<model::SourceKey>& up_to);
  void settle_doubts();

  const PassScope scope_;
  CycleWriter& writer_;
  Recheck& recheck_;
  Merge merge_;
  model::RowBatch rows_;
};

}  // namespace engine::capture
