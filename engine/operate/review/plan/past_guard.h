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
#include "engine/journal/delivery/guard/effect_hours.h"
#include "engine/model/change.h"
#include "engine/pipeline/planning/effects.h"

namespace engine::operate {

/// One verdict that would have held something.
struct PastHold {
  std::int64_t at_ms = 0;  ///< when the last of its changes was captured
  std::int64_t cycle_id = 0;
  std::string text;
};

/// What a cycle did, where that was counted before.
struct PastCycle {
  std::int64_t id = 0;
  std::int64_t first_seq = 0;
  std::int64_t last_ms = 0;  ///< when the last of its changes was captured
  journal::EffectCounts effects;
};

/// What the journal tells of a pipeline's past, as far as guards ask for it.
struct PastKnowledge {
  std::int64_t live = 0;                              ///< records at the target, today
  std::optional<std::int64_t> learns_since_ms;        ///< none: its rhythm is not known
  std::int64_t known_since_ms = 0;                    ///< of hours before, nothing is told: they are too long ago
  std::vector<journal::EffectHours::Lesson> lessons;  ///< in order of the hours
  bool learns = false;                                ///< nothing taught a pipeline before: what would have gone on teaches it now
  std::vector<journal::Expectation> announced;        ///< oldest first; what it comes to is taken off as it would have been
};

/// Counts and judges as `pipeline/planning/cycle_guard.h` does: by the rhythm as it was known when each change was captured, over what had been announced
/// by then; of changes that are added one by one the number of records at the target is today's. What it would have held is counted as held work is, and nobody decides about it.
/// Its memory is bounded by the window and by what the journal keeps of the rhythm.
class PastGuard {
 public:
  /// How many different rows changed from one change to another.
  using CountRows = std::function<std::int64_t(std::int64_t first_seq, std::int64_t last_seq)>;

  PastGuard(const settings::MassChange& limits, bool follows_log, PastKnowledge known, CountRows count_rows)
      : limits_(limits), follows_log_(follows_log), known_(std::move(known)), count_rows_(std::move(count_rows)) {}

  /// In the order of the changes.
  void add(const model::Change& change, pipeline::Effect effect);
  /// The same for a whole cycle. `live`: records at the target before it.
  guard::Verdict judge(const PastCycle& cycle, std::int64_t live);
  /// No more come.
  void finish();

  const std::vector<PastHold>& holds() const { return holds_; }  ///< the first few
  std::int64_t number() const { return number_; }                ///< of all

 private:
  struct Counted {
    guard::Unit unit;
    std::int64_t last_ms = 0;
    journal::EffectCounts effects;
  };
  struct Slot {
    std::int64_t at_ms = 0;
    std::int64_t first_seq = 0;
    journal::EffectCounts effects;
  };
  /// What was done in one hour, by units that were judged and by what had no limit.
  struct Hour {
    std::int64_t number = -1;
    std::int64_t first_seq = 0;
    journal::EffectCounts effects;
  };
  bool is_limited(pipeline::Effect effect, std::int64_t at_ms) const;
  void enter_hour(std::int64_t at_ms, std::int64_t seq);
  bool knows_rhythm(std::int64_t at_ms) const;
  std::optional<guard::Usual> usual_at(std::int64_t at_ms);
  journal::EffectCounts expected_at(std::int64_t at_ms) const;
  guard::Situation situation();
  guard::Verdict verdict_on(guard::Situation situation);
  guard::Verdict judge();
  void use_announced(journal::EffectCounts came);
  void remember(const journal::EffectCounts& counts);
  void learn(const journal::EffectCounts& counts);

  settings::MassChange limits_;
  bool follows_log_;
  PastKnowledge known_;
  CountRows count_rows_;
  std::optional<Counted> unit_;
  std::deque<Slot> window_;  ///< slots of the guard's length
  journal::EffectCounts in_window_;
  Hour hour_;
  guard::Usual usual_;
  std::int64_t usual_hour_ = -1;  ///< of which `usual_` is
  std::int64_t over_hour_ = -1;   ///< in which more different rows than usual were counted
  std::vector<PastHold> holds_;
  std::int64_t number_ = 0;
};

}  // namespace engine::operate
