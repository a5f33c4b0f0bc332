// What is usual at an hour of the week, from a pipeline's own history. Pure: no I/O, no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/journal/delivery/guard/effect_hours.h"

namespace engine::guard {

/// Of one cycle, or of a whole hour: by operation, from `low` to `high`.
struct Range {
  journal::EffectCounts low;
  journal::EffectCounts high;
  journal::EffectCounts busy;  ///< what this pipeline does in its busier hours, whenever they are
};

struct Usual {
  Range cycle;
  Range hour;
  std::int64_t covers_ms = 0;  ///< above 0: `cycle` is what is done in that time, in which nothing was read
};

/// Compared are this hour and its neighbours in the weeks before, and in the seven days before: offices keep to hours of the week, jobs to
/// hours of the day, and summer time moves both by one. `high` is the second highest of these: one disaster that nobody noticed, or one
/// that a person released, makes nothing usual. Hours before `since_ms` are not known; without a row an hour was quiet. The hours just
/// before teach nothing yet, so that what grows slowly does not make itself usual. Times are wall milliseconds.
Usual usual_at(const std::vector<journal::EffectHour>& learnt, std::int64_t since_ms, std::int64_t at_ms);

/// The same for a cycle that brings what was done since `from_ms`: a sum over its hours, of a week at most.
Usual usual_since(const std::vector<journal::EffectHour>& learnt, std::int64_t since_ms, std::int64_t from_ms, std::int64_t at_ms);

}  // namespace engine::guard
