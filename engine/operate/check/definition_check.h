// Target definitions as the runtime takes them: templates, JSON pointers, expressions, what calls need of one another.
#pragma once

#include "engine/settings/diagnostics.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// Reports everything that would stop a target: in the definitions that connections use, with their options, and in the
/// instance's own `targets/` that none uses yet. Nothing is sent.
void check_definitions(const settings::Instance& instance, const settings::Catalogues& catalogues, settings::Diagnostics& diagnostics);

}  // namespace engine::operate
