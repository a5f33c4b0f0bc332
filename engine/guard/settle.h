// A record that changes in a burst is sent once, when it has come to rest. Pure: no I/O, no clock.
#pragma once

#include "engine/journal/deliveries.h"
#include "engine/model/change.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::guard {

/// When the delivery of a change may go, and by when at the latest; what `plan` finds waiting of its record may bring that forward. Both count
/// from the time of capture: what was mapped late waits no longer for it. Rows of a first snapshot did not change.
void let_settle(const settings::Settle& settle, const model::Change& change, journal::Delivery& delivery);

}  // namespace engine::guard
