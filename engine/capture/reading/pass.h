// One reading of a whole table, in chunks by key or as one stream.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "engine/capture/reading/merge.h"
#include "engine/capture/reading/reading.h"

namespace engine::capture {

class Pass {
 public:
  /// Told after each chunk, when it is in the journal, its last key.
  using ChunkRead = std::function<void(const model::SourceKey& up_to)>;

  explicit Pass(Reading& reading, ChunkRead chunk_read = {})
      : reading_(reading),
        chunk_read_(std::move(chunk_read)),
        merge_(reading.scope.journal, reading.scope.table, reading.seen, reading.writer) {}

  /// Returns when the pass is complete: the last chunk came back empty, or the stream ended without a diagnostic. All
  /// found is written. A first snapshot goes on at its checkpoint.
  void run();
  /// The same for the rows of a range of keys.
  void run(model::KeyRange range);

 private:
  void read_whole();
  /// Reads one chunk to its end; the last key in it, or none when it was empty.
  std::optional<model::SourceKey> read_chunk(const model::KeyRange& range);
  void take_batch(const model::RowStream& stream);
  void write(const std::optional<model::SourceKey>& up_to);
  void settle_doubts();

  Reading& reading_;
  ChunkRead chunk_read_;
  Merge merge_;
  model::RowBatch rows_;
};

}  // namespace engine::capture
