// Turns what came over the wire into outcomes, one for each record of the call.
#pragma once

#include <string>
#include <vector>

#include "connectors/http/plan.h"
#include "connectors/http/wire/exchange.h"
#include "engine/model/target.h"

namespace connectors::http {

/// What the answer is an answer to. References outlive the judging.
struct Question {
  const TargetPlan& target;
  const ObjectPlan& object;
  engine::model::CallKind kind;
  std::size_t records = 1;
  bool is_batch = false;
  const std::string& expect;  ///< PreparedRequest::expect
  std::string object_name{};
};

/// Native upserts and calls that may be repeated: losing their answer does no harm.
bool may_repeat(const Question& question);

/// The rules of the definition that speak about this answer: as a whole, or about records of a batch that were refused.
/// None: HTTP's own meaning holds, or no whole answer came, or the request's `gone` and `absent` have spoken before.
std::vector<const engine::settings::AnswerRule*> deciding_rules(const Question& question, const RawAnswer& raw);

/// First `gone` and `absent` of the request, then the definition's `answers`, then the defaults:
/// 2xx delivered; 408, 425, 429 retry; 401 credentials; 404, 410 missing where a known record was addressed; other 3xx
/// and 4xx permanent; 5xx and lost answers uncertain, or retry where repeating does no harm. A 2xx that lacks what it
/// must tell (the id of a created record) counts as lost.
std::vector<engine::model::CallAnswer> judge(const Question& question, const RawAnswer& raw, std::int64_t now_wall_ms);

/// The same for the last answer of a job that the call had begun.
std::vector<engine::model::CallAnswer> judge_ended(const Question& question, const RawAnswer& raw, std::int64_t now_wall_ms);

}  // namespace connectors::http
