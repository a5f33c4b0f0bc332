// The one runtime that executes every target definition, over libcurl.
#pragma once

#include <memory>

#include "connectors/http/wire/wire.h"
#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::http {

/// Over libcurl, unless another wire is given.
std::unique_ptr<engine::model::Target> make_http_target(const engine::settings::TargetConnection& connection,
                                                        const MakeWire& make_wire = {});

}  // namespace connectors::http
