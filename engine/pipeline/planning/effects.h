// What mapped changes would do to records at the target, as far as a guard limits it.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::pipeline {

enum class Effect : std::uint8_t { none, create, update, remove };

void add(journal::EffectCounts& counts, Effect effect, std::int64_t times = 1);
/// Whether a mapped change can have an effect at all that is counted.
bool may_have_effect(const settings::MassChange& limits, const PlannedChange& planned);

/// One of each planned change, against what was last sent. `none` too for operations that are not counted: what is written as `off`.
/// `wanted`: one of each; where it is 0 nothing is looked up, and the effect is `none`.
std::vector<Effect> effects_of(journal::Records& records, const settings::MassChange& limits, const std::vector<model::Change>& changes,
                               const std::vector<PlannedChange>& planned, const std::vector<std::int64_t>& wanted);

}  // namespace engine::pipeline
