// Reads datapicker.yaml.
#pragma once

#include "engine/settings/diagnostics.h"
#include "engine/settings/instance.h"
#include "engine/settings/read/placeholders.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// What `defaults:` say for tables that do not say it themselves.
struct InstanceDefaults {
  std::int64_t every_ms = 5'000;
};

/// The variables come first: every other value, of this file as well, may use them. nullopt when they are no map.
std::optional<Variables> read_variables(const YamlNode& root, Diagnostics& diagnostics);

/// Fills name, journal path and addresses; `instance.folder` must be set.
InstanceDefaults read_instance_file(const YamlNode& root, Instance& instance, Diagnostics& diagnostics);

}  // namespace engine::settings
