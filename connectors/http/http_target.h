// The one runtime that executes every target definition, over libcurl.
#pragma once

#include <memory>

#include "connectors/http/wire/wire.h"
#include "engine/base/clock.h"
#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::http {

/// Over libcurl, unless another wire is given. The clock, by which tokens and sessions end, outlives it.
std::unique_ptr<engine::model::Target> make_http_target(const engine::settings::TargetConnection& connection,
                                                        const MakeWire& make_wire = {},
                                                        const engine::Clock& clock = engine::system_clock());

/// For rehearsals, whose other side knows no credentials: nobody logs in, and {auth.x} stands in bodies as it is frozen.
engine::settings::TargetConnection without_credentials(engine::settings::TargetConnection connection);

}  // namespace connectors::http
