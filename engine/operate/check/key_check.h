// Whether the rows of a table keep what `key:` promises: no NULL, no value twice.
#pragma once

#include "engine/operate/check.h"
#include "engine/operate/inspect/look.h"

namespace engine::operate {

/// Asks the indexes first, and the rows only where these prove nothing. Findings go to `diagnostics`.
void check_key(Look& look, const settings::TableDefinition& table, const model::TableShape& shape, settings::Diagnostics& diagnostics);

}  // namespace engine::operate
