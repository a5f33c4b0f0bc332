// The `kafka` target: each change a message, in order by key, delivered when all replicas in sync have it.
#pragma once

#include <memory>

#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::targets::kafka {

/// Connects when the first message comes. Throws Error config_invalid for a property that librdkafka refuses.
std::unique_ptr<engine::model::Target> make_kafka_target(const engine::settings::TargetConnection& connection);

}  // namespace connectors::targets::kafka
