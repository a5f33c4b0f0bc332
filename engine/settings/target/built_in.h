// The targets that are code and no HTTP API: what they take, and how their connections are written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/settings/connection_definition.h"
#include "engine/settings/map_reader.h"
#include "engine/settings/read/placeholders.h"

namespace engine::settings {

/// "file" "kafka" "nats" "odbc"
const std::vector<std::string>& built_in_targets();
bool is_built_in(const std::string& target);

/// What such a target offers on any object.
TargetDefinition built_in_definition(const std::string& target);

/// Reads the keys of `target: NAME` but for those that every target connection has, and `auth` and `tls`.
void read_built_in(MapReader& reader, const std::string& target, const std::filesystem::path& folder,
                   const SecretLookup& secrets, TargetConnection& connection);

}  // namespace engine::settings
