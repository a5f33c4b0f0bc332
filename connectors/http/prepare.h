// Builds the frozen request of one call, or of several in a batch. Pure: no connection, no secret, no clock.
#pragma once

#include <span>

#include "connectors/http/plan.h"
#include "connectors/http/request/prepared_request.h"
#include "engine/model/target.h"

namespace connectors::http {

/// See Target::prepare.
engine::model::PreparedCall prepare_calls(const TargetPlan& plan, std::span<const engine::model::Call> calls);

/// A request of a login, whose only values are {auth.x}. Not to be frozen.
PreparedRequest prepare_login(const TargetPlan& plan, const RequestPlan& request, const CallValues& values);

/// Asks for a job. `expect`: see PreparedRequest.
std::string prepare_poll(const TargetPlan& plan, const RequestPlan& request, const std::string& object,
                         const std::string& job, std::string expect);

}  // namespace connectors::http
