// What a guard against mass changes would have said of changes of the past.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/guard/mass_change.h"
#include "engine/guard/unit.h"
#include "engine/model/change.h"
#include "engine/pipeline/planning/effects.h"

namespace engine::operate {

/// One verdict that would have held something.
struct PastHold {
  std::int64_t at_ms = 0;  ///< when the last of its changes was captured
  std::int64_t cycle_id = 0;
  std::string text;
};

/// Counts as `pipeline/planning/cycle_guard.h` does, with what is known today: the records that are at the target now, and nothing
/// that was announced. Its memory is bounded by the window.
class PastGuard {
 public:
  /// How many different rows changed from one change to another.
  using CountRows = std::function<std::int64_t(std::int64_t first_seq, std::int64_t last_seq)>;

  PastGuard(const settings::MassChange& limits, bool follows_log, std::int64_t live, CountRows count_rows)
      : limits_(limits), follows_log_(follows_log), live_(live), count_rows_(std::move(count_rows)) {}

  /// In the order of the changes.
  void add(const model::Change& change, pipeline::Effect effect);
  /// No more come.
  void finish();

  const std::vector<PastHold>& holds() const { return holds_; }  ///< the first few
  std::int64_t number() const { return number_; }                ///< of all

 private:
  struct Unit {
    std::int64_t first_seq = 0;
    std::int64_t first_ms = 0;
    std::int64_t cycle_id = 0;
    std::int64_t last_seq = 0;
    std::int64_t last_ms = 0;
    journal::EffectCounts effects;
  };
  struct Slot {
    std::int64_t at_ms = 0;
    std::int64_t first_seq = 0;
    journal::EffectCounts effects;
  };
  bool belongs(const model::Change& change) const;
  bool is_limited(pipeline::Effect effect) const;
  void judge();
  void remember();

  settings::MassChange limits_;
  bool follows_log_;
  std::int64_t live_;
  CountRows count_rows_;
  std::optional<Unit> unit_;
  std::deque<Slot> window_;  ///< slots of the guard's length
  std::vector<PastHold> holds_;
  std::int64_t number_ = 0;
};

}  // namespace engine::operate
