// What a case expects in the end.
#pragma once

#include "engine/settings/read/case/case_definition.h"

namespace engine::settings {

CaseExpectation read_case_expectation(const YamlNode& value, Diagnostics& diagnostics);

}  // namespace engine::settings
