// One reading of the rows that lie beyond a bound of a growing column, in chunks.
#pragma once

#include <functional>
#include <optional>

#include "engine/capture/reading/merge.h"
#include "engine/capture/reading/reading.h"
#include "engine/model/source/growth.h"

namespace engine::capture {

class GrowthPass {
 public:
  /// Told each row that was read.
  using RowRead = std::function<void(const model::RowView& row)>;
  /// Whether a chunk that is not full and ends with this value is the last. Rows that grow faster than they are read would keep a
  /// pass busy for ever; what comes after such an end is found by the next cycle.
  using IsEnd = std::function<bool(std::string_view last_value)>;

  GrowthPass(Reading& reading, RowRead row_read, IsEnd is_end)
      : reading_(reading), row_read_(std::move(row_read)), is_end_(std::move(is_end)) {}

  /// Returns when a chunk came back empty, or was the end. All found is written.
  void run(model::GrowthRange range);

 private:
  struct Chunk {
    std::size_t rows = 0;
    model::GrowthRange::Place last;
  };
  Chunk read_chunk(const model::GrowthRange& range, Merge& merge);
  void settle_doubts(Merge& merge);

  Reading& reading_;
  RowRead row_read_;
  IsEnd is_end_;
  model::RowBatch rows_;
};

}  // namespace engine::capture
