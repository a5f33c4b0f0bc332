// Reads config/dialects/*.yaml.
#pragma once

#include <optional>

#include "engine/settings/diagnostics.h"
#include "engine/settings/dialect_definition.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// nullopt when the file is no map; other problems are in `diagnostics`.
std::optional<DialectDefinition> read_dialect(const YamlNode& root, Diagnostics& diagnostics);

}  // namespace engine::settings
