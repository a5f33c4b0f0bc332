// Whether the columns of `mode: watermark` can be what they are named for.
#pragma once

#include "engine/operate/check.h"
#include "engine/operate/inspect/look.h"

namespace engine::operate {

/// A column that is missing or of a type that does not grow is an error at its line; one that may be NULL, or that no index leads with, a
/// warning. Asks the database's clock once, as capture will. Throws Error source_*.
void check_watermark(Look& look, const settings::TableDefinition& table, const model::TableShape& shape, settings::Diagnostics& diagnostics);

}  // namespace engine::operate
