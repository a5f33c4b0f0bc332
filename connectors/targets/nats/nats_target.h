// The `nats` target: each change a message in a JetStream, delivered when the stream has stored it.
#pragma once

#include <memory>

#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::targets::nats {

/// Connects when the first message comes. Throws Error config_invalid for a subject that cannot be.
std::unique_ptr<engine::model::Target> make_nats_target(const engine::settings::TargetConnection& connection);

}  // namespace connectors::targets::nats
