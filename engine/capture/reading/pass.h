// One reading of a whole table, in chunks by key or as one stream.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/capture/reading/merge.h"
#include "engine/capture/reading/reading.h"

namespace engine::capture {

class Pass {
 public:
  explicit Pass(Reading& reading) : reading_(reading), merge_(reading.scope.journal, reading.scope.table, reading.seen, reading.writer) {}

  /// Returns when the pass is complete: the last chunk came back empty, or the stream ended without a diagnostic. All
  /// found is written. A first snapshot goes on at its checkpoint.
  void run();
  /// Reads the first rows of a range, and writes what was found. Returns the last key among them. None: there are no rows in the range, and only
  /// that says so; fewer rows than asked for are no sign of its end.
  std::optional<model::SourceKey> read_chunk(const model::KeyRange& range, std::size_t rows);

 private:
  void read_whole();
  /// Reads chunks, of which the next may be read while one is compared, until one leaves a doubt. Returns what `read_chunk` does of the last one.
  std::optional<model::SourceKey> read_on(std::optional<model::SourceKey> after);
  /// One chunk of the stream, compared and written. `after` is where it begins.
  std::optional<model::SourceKey> take_chunk(model::RowStream& stream, const std::optional<model::SourceKey>& after);
  void take_batch();
  void write(const std::optional<model::SourceKey>& up_to);
  void settle_doubts();

  Reading& reading_;
  Merge merge_;
  model::RowBatch rows_;
  bool doubted_ = false;  ///< what was read last left doubts
};

}  // namespace engine::capture
