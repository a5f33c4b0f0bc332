// Finds the deleted rows after a complete pass.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/capture/reading/reading.h"

namespace engine::capture {

/// Images that the pass did not see are only candidates: a key may have moved, a driver may have cut the read short without
/// an error. Each is read again by its key. Works in pages, so that an emptied table needs no more memory than a full one;
/// a killed search goes on where it was, since what it journaled has no image any more.
class DeleteSearch {
 public:
  explicit DeleteSearch(Reading& reading) : reading_(reading) {}

  /// Among all images of the table. Returns how many candidates were there after all.
  std::int64_t run();
  /// Among these.
  void run(std::span<const std::int64_t> ordinals);

 private:
  std::vector<journal::RowImage> unseen(std::span<const std::int64_t> ordinals, std::size_t& at);
  void settle(std::vector<journal::RowImage> images);

  Reading& reading_;
  model::RowBatch row_;
  std::int64_t there_ = 0;
};

}  // namespace engine::capture
