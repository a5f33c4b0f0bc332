// The `file` target: one JSON line a change, appended and synced.
#pragma once

#include <memory>

#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::targets::file {

std::unique_ptr<engine::model::Target> make_file_target(const engine::settings::TargetConnection& connection);

}  // namespace connectors::targets::file
