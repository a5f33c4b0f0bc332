// Records that refer to another one by an id that it has no more: they are mapped and planned anew.
#pragma once

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::pipeline {

/// Plans a page of them, in one journal transaction of the caller. True when there may be more.
bool plan_outdated(journal::Records& records, Planning& planning, const journal::PipelineRow& row, const model::Layout& layout,
                   const Clock& clock);

}  // namespace engine::pipeline
