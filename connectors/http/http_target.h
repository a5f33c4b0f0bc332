// The one runtime that executes every target definition, over libcurl.
#pragma once

#include <memory>

#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::http {

std::unique_ptr<engine::model::Target> make_http_target(const engine::settings::TargetConnection& connection);

}  // namespace connectors::http
