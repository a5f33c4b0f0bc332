// Pipelines over tables without a key.
#pragma once

#include "engine/settings/diagnostics.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// Warns of a match value that two rows of such a table may have: they share one record then.
void check_keyless(const settings::Instance& instance, settings::Diagnostics& diagnostics);

}  // namespace engine::operate
