// Reads target definitions: connectors/targets/*.yaml, an instance's targets/*.yaml, and what a connection adds to
// them.
#pragma once

#include <optional>

#include "engine/settings/diagnostics.h"
#include "engine/settings/target_definition.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// A whole definition (`target: name` at the top). nullopt when it is no use; every problem is in `diagnostics`.
/// `{{options.x}}` is left in the templates: only a connection knows its options.
std::optional<TargetDefinition> read_target_definition(const YamlNode& root, Diagnostics& diagnostics);

/// Merges what a connection says into its copy of the definition: `requests:`, `batch:`, `repeat_safe:` and `options:`
/// (over the definition's defaults; unknown names are refused), then puts the options into the templates. Other keys of
/// the map belong to the connection and are not looked at.
void merge_connection_requests(const YamlNode& connection_map, TargetDefinition& definition, Diagnostics& diagnostics);

}  // namespace engine::settings
