// Builds the frozen request of one call, or of several in a batch. Pure: no connection, no secret, no clock.
#pragma once

#include <span>

#include "connectors/http/plan.h"
#include "engine/model/target.h"

namespace connectors::http {

/// See Target::prepare.
engine::model::PreparedCall prepare_calls(const TargetPlan& plan, std::span<const engine::model::Call> calls);

}  // namespace connectors::http
