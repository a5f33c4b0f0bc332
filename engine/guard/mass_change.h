// Judges how many records a cycle touches: values in, a verdict in words out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/guard/rhythm.h"
#include "engine/journal/delivery/guard/guarding.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::guard {

/// What is known when a cycle is judged.
struct Situation {
  journal::EffectCounts cycle;     ///< effects of operations that have a limit, no others
  journal::EffectCounts window;    ///< what was counted before it, within the window
  journal::EffectCounts expected;  ///< what a person announced and has not come yet
  std::int64_t live = 0;           ///< records at the target; may stop at `live_needed`
  journal::EffectCounts hour;      ///< what was counted before it in the same hour of the clock
  std::optional<Usual> usual;      ///< none: too little is known to hold anything by it
};

struct Verdict {
  bool held = false;
  journal::EffectCounts announced;  ///< of the cycle: what passed a limit because it was announced, and counts for nobody else
  std::string text;                 ///< why it is held
  std::string numbers;              ///< JSON: the situation and the limits
};

/// How far the records at the target must be counted for a right verdict: more of them change nothing. 0: not at all.
std::int64_t live_needed(const settings::MassChange& limits, const Situation& situation);

/// How many records may be touched by one operation where `high` are usual and `busy` at busier hours.
std::int64_t allowed(const settings::MassChange& limits, std::int64_t high, std::int64_t busy);

/// Only operations that the cycle itself holds can be over a limit. Fewer than `ignore_below` are never held, unless the cycle would
/// take away all records of a target that has at least `emptied_min`.
Verdict judge(const settings::MassChange& limits, const Situation& situation);

inline constexpr std::int64_t emptied_min = 10;

}  // namespace engine::guard
