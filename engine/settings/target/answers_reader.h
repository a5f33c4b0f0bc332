// `answers:` of a target definition: which answer means what.
#pragma once

#include <vector>

#include "engine/settings/map_reader.h"
#include "engine/settings/target_definition.h"

namespace engine::settings {

std::vector<AnswerRule> read_answers(const YamlNode& list, Diagnostics& diagnostics);

}  // namespace engine::settings
