// Who of a batch was taken, record by record.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <vector>

#include "connectors/http/plan.h"
#include "engine/model/outcome.h"

namespace connectors::http {

/// One outcome a record of `expect`, in order. By order: result i speaks for record i. Else by name: a record named
/// among the refused is permanent, one named among the taken is delivered; the others are delivered only when the
/// numbers of taken and refused add up to the batch. What nothing accounts for gets `unaccounted`.
std::vector<engine::model::DeliveryOutcome> batch_outcomes(const BatchPlan& plan, const std::string& expect,
                                                           const boost::json::value& answer,
                                                           const engine::model::DeliveryOutcome& unaccounted);

}  // namespace connectors::http
