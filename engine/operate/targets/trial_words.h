// What an outcome is called, who decided it, and what follows from it in the daemon: in words.
#pragma once

#include <string>

#include "connectors/http/plan.h"
#include "connectors/http/wire/exchange.h"
#include "engine/model/target.h"
#include "engine/operate/targets/shelf.h"

namespace engine::operate {

/// The word that rules of `answers:` use; a lost call that may be repeated is "retry".
std::string word_of(const model::DeliveryOutcome& outcome);
std::string reason_of(const model::DeliveryOutcome& outcome);

/// An answer with all that it was judged by.
struct DecidedAnswer {
  const connectors::http::TargetPlan& plan;
  const ShelvedTarget& target;
  const model::Call& call;
  const std::string& expect;  ///< what the prepared request keeps for its judging
  const connectors::http::RawAnswer& raw;
  const model::CallAnswer& answer;
};

/// "targets/crm.yaml:41:5, { status: 409, class: duplicate }", or which of the runtime's own meanings it was.
std::string who_decided(const DecidedAnswer& decided);

/// What the daemon would do with a delivery that gets this answer.
std::string what_follows(const model::Call& call, const model::ObjectTraits& traits, const model::CallAnswer& answer);

}  // namespace engine::operate
