// Reads tables/*.yaml.
#pragma once

#include "engine/settings/diagnostics.h"
#include "engine/settings/table_definition.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// `every_ms` is what `defaults:` of the instance say.
TableDefinition read_table(const YamlNode& root, std::int64_t every_ms, Diagnostics& diagnostics);

}  // namespace engine::settings
