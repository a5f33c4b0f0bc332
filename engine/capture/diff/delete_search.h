// Finds the deleted rows after a complete pass.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/capture/diff/recheck.h"

namespace engine::capture {

/// Images that the pass did not see are only candidates: a key may have moved, a driver may have cut the read short without
/// an error. Each is read again by its key. Works in pages, so that an emptied table needs no more memory than a full one;
/// a killed search goes on where it was, since what it journaled has no image any more.
class DeleteSearch {
 public:
  DeleteSearch(journal::Journal& journal, const TrackedTable& table, const PassBitmap& seen, CycleWriter& writer,
               Recheck& recheck)
      : journal_(journal), table_(table), seen_(seen), writer_(writer), recheck_(recheck) {}

  /// Returns how many candidates were there after all.
  std::int64_t run();

 private:
  std::vector<journal::RowImage> unseen(const std::vector<std::int64_t>& ordinals, std::size_t& at, std::size_t limit);
  void settle(std::vector<journal::RowImage> images);

  journal::Journal& journal_;
  const TrackedTable& table_;
  const PassBitmap& seen_;
  CycleWriter& writer_;
  Recheck& recheck_;
  model::RowBatch row_;
  std::int64_t there_ = 0;
};

}  // namespace engine::capture
