// Reads `alerts:` of datapicker.yaml: who is told when the state of something changes.
#pragma once

#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/instance.h"
#include "engine/settings/read/placeholders.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// A list of `mail:` and `webhook:`. Credentials may be `${secret:x}`; everything else is refused one.
std::vector<AlertChannel> read_alerts(const YamlNode& value, const std::filesystem::path& folder, const SecretLookup& secrets, Diagnostics& diagnostics);

}  // namespace engine::settings
