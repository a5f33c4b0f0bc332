// Calls that are answered with a job: what asks for it, and what its answers mean.
#pragma once

#include <vector>

#include "connectors/http/answer/answer_rules.h"
#include "connectors/http/answer/judge.h"

namespace connectors::http {

/// Of the question's call; null pointer: it is carried out before it is answered.
const JobPlan* job_of(const Question& question);

/// The answer to the call that began it. Empty: it names no job.
std::vector<engine::model::CallAnswer> job_begun(const Question& question, const JobPlan& job, const Said& said,
                                                 const engine::model::CallAnswer& kept, std::int64_t now_wall_ms);

/// The answer to a request that asks for it.
std::vector<engine::model::CallAnswer> judge_poll(const Question& question, const RawAnswer& raw, std::int64_t now_wall_ms);

}  // namespace connectors::http
