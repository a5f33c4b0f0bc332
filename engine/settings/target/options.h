// Puts a connection's options into the templates of its copy of a definition.
#pragma once

#include "engine/settings/diagnostics.h"
#include "engine/settings/target_definition.h"

namespace engine::settings {

/// Replaces every {{options.x}} by definition.options; an unknown x, and one without a value, is reported at the
/// template.
void apply_options(TargetDefinition& definition, Diagnostics& diagnostics);

}  // namespace engine::settings
