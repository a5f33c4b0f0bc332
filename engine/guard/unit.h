// Which changes are judged together.
#pragma once

#include <cstdint>
#include <limits>

#include "engine/model/change.h"

namespace engine::guard {

/// Known by its first change; goes as far as its pipeline's changes are parted. By default a cycle.
struct Unit {
  /// A log (`mode: tail`) is followed while all rows are read in one long cycle, and a job that writes row by row fills many short ones: of it the
  /// changes of so long a time are judged together.
  static constexpr std::int64_t log_ms = 2'000;

  std::int64_t first_seq = 0;
  std::int64_t first_ms = 0;  ///< when it was captured
  std::int64_t cycle_id = 0;
  bool keeps_to_cycle = true;                                            ///< nothing of another cycle belongs to it
  std::int64_t until_ms = std::numeric_limits<std::int64_t>::max();  ///< nor what is captured from then on

  static Unit of_log(const model::Change& first, bool keeps_to_cycle = false) {
    return {first.seq, first.captured_ms, first.cycle_id, keeps_to_cycle, first.captured_ms + log_ms};
  }
  static Unit of_cycle(const model::Change& first) { return {first.seq, first.captured_ms, first.cycle_id}; }

  bool has_end() const { return until_ms != std::numeric_limits<std::int64_t>::max(); }
  bool holds(const model::Change& change) const {
    return change.captured_ms < until_ms && (!keeps_to_cycle || change.cycle_id == cycle_id);
  }
};

}  // namespace engine::guard
