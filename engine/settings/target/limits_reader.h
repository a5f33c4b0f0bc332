// Reads `limits:` of a definition or of a connection.
#pragma once

#include "engine/settings/map_reader.h"
#include "engine/settings/target/limits.h"

namespace engine::settings {

LimitsDefinition read_limits(const YamlNode& map, Diagnostics& diagnostics);

/// Every budget that answers name must be there.
void check_budget_names(const std::vector<AnswerRule>& answers, const LimitsDefinition& limits, Diagnostics& diagnostics);

}  // namespace engine::settings
