// The steps of a case: what happens to the source, to the target and to the process.
#pragma once

#include <vector>

#include "engine/settings/read/case/case_definition.h"

namespace engine::settings {

std::vector<CaseStep> read_case_steps(const YamlNode& value, Diagnostics& diagnostics);

}  // namespace engine::settings
