#include "engine/operate/dead_letters.h"

#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/instance_access.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

using journal::Delivery;
using journal::DeliveryState;

std::string name_of_pipeline(journal::Records& records, std::int64_t id) {
  for (const journal::PipelineRow& row : records.pipelines.all()) {
    if (row.id == id) return row.name;
  }
  return {};
}

Delivery delivery_of(journal::Records& records, std::int64_t id) {
  const auto delivery = records.deliveries.find(id);
  if (!delivery) {
    throw Error(ErrorCode::config_invalid, "there is no delivery " + std::to_string(id), {}, "`datapicker dead-letters list` shows them");
  }
  if (delivery->state != DeliveryState::dead && delivery->state != DeliveryState::uncertain) {
    throw Error(ErrorCode::config_invalid, "delivery " + std::to_string(id) + " is " + std::string(name_of(delivery->state)) +
                                               ": only dead and uncertain ones are decided by a person");
  }
  return *delivery;
}

std::string retry_dead(journal::Records& records, const settings::Instance& instance, const Delivery& delivery, const Clock& clock) {
  const auto planning = compiled_planning(records, instance, name_of_pipeline(records, delivery.pipeline_id));
  const auto id = planning->plan_again(records, delivery, clock);
  return id ? "delivery " + std::to_string(*id) + " takes its place" : "nothing is to be sent any more";
}

// A person looked at the target: what they found settles what no answer could.
std::string settle(journal::Records& records, Delivery delivery, Decision::Settled settled, const Clock& clock) {
  delivery.updated_ms = clock.wall_ms();
  if (settled == Decision::Settled::not_delivered) {
    delivery.state = DeliveryState::pending;
    delivery.not_before_ms = 0;
    delivery.reason = "a person says that it was not delivered";
    records.deliveries.update(delivery);
    return "sent again under its key";
  }
  // The record is there, but its comment was to be written after it.
  const bool comment_is_left = delivery.comment && delivery.step != "comment";
  delivery.state = comment_is_left ? DeliveryState::pending : DeliveryState::delivered;
  delivery.reason = "a person says that it was delivered";
  if (comment_is_left) {
    delivery.step = "comment";
    delivery.frozen.reset();
    delivery.not_before_ms = 0;
  }
  records.deliveries.update(delivery);
  records.deliveries.put_last_sent({.pipeline_id = delivery.pipeline_id,
                                    .key = delivery.key,
                                    .connection = delivery.connection,
                                    .object = delivery.object,
                                    .match = delivery.match,
                                    .fields = delivery.present ? delivery.fields : std::nullopt,
                                    .live = delivery.present,
                                    .mapping = delivery.mapping,
                                    .sent_ms = delivery.updated_ms});
  return comment_is_left ? "counted as delivered; its comment is sent" : "counted as delivered";
}

/// The decision and what follows from it are one transaction; the audit holds who, when and why.
std::string decide_one(journal::Records& records, const settings::Instance& instance, const Decision& decision,
                       std::int64_t id, const std::string& actor, const Clock& clock) {
  Delivery delivery = delivery_of(records, id);
  const bool uncertain = delivery.state == DeliveryState::uncertain;
  std::string name = decision.action == Decision::Action::discard ? "discard" : "retry";
  std::string what;
  if (decision.action == Decision::Action::discard) {
    delivery.state = DeliveryState::rejected;
    delivery.reason = decision.reason.empty() ? "discarded by " + actor : decision.reason;
    delivery.updated_ms = clock.wall_ms();
    records.deliveries.update(delivery);
    what = "discarded";
  } else if (!uncertain) {
    if (decision.settled != Decision::Settled::unknown) {
      throw Error(ErrorCode::config_invalid, "delivery " + std::to_string(id) + " is dead, not uncertain", {},
                  "leave out --delivered and --not-delivered");
    }
    what = retry_dead(records, instance, delivery, clock);
  } else {
    if (decision.settled == Decision::Settled::unknown) {
      throw Error(ErrorCode::config_invalid, "delivery " + std::to_string(id) + " is uncertain: it may have been applied", {},
                  "look at the target, then say --delivered or --not-delivered");
    }
    name = decision.settled == Decision::Settled::delivered ? "delivered" : "not_delivered";
    what = settle(records, delivery, decision.settled, clock);
  }
  records.deliveries.record_decision(id, name, actor, decision.reason, clock.wall_ms());
  return what;
}

json::object json_of(const Decision& decision) {
  json::array ids;
  for (const std::int64_t id : decision.ids) ids.push_back(id);
  return {{"verb", "decide"},
          {"action", decision.action == Decision::Action::retry ? "retry" : "discard"},
          {"settled", static_cast<int>(decision.settled)},
          {"ids", std::move(ids)},
          {"reason", decision.reason}};
}

Decision decision_from_json(const json::object& value) {
  Decision decision;
  decision.action = text_of(value, "action") == "retry" ? Decision::Action::retry : Decision::Action::discard;
  const int settled = value.at("settled").to_number<int>();
  decision.settled = settled == 1   ? Decision::Settled::delivered
                     : settled == 2 ? Decision::Settled::not_delivered
                                    : Decision::Settled::unknown;
  for (const json::value& id : value.at("ids").as_array()) decision.ids.push_back(id.to_number<std::int64_t>());
  decision.reason = text_of(value, "reason");
  return decision;
}

json::object json_of(const std::vector<Decided>& decided) {
  json::array list;
  for (const Decided& each : decided) list.push_back(json::object{{"id", each.id}, {"done", each.done}, {"what", each.what}});
  return {{"decided", std::move(list)}};
}

}  // namespace

std::vector<DeadLetter> list_dead_letters(journal::Records& records, const std::string& pipeline, std::size_t limit) {
  if (!pipeline.empty() && !records.pipelines.find(pipeline)) {
    std::vector<std::string> names;
    for (const journal::PipelineRow& row : records.pipelines.all()) names.push_back(row.name);
    const std::string near = settings::nearest(pipeline, names);
    throw Error(ErrorCode::config_invalid, "the journal knows no pipeline '" + pipeline + "'", {},
                near.empty() ? "" : "did you mean '" + near + "'?");
  }
  std::vector<DeadLetter> letters;
  for (Delivery& delivery : records.deliveries.dead_letters({.pipeline = pipeline, .limit = limit})) {
    std::string name = name_of_pipeline(records, delivery.pipeline_id);
    letters.push_back({std::move(delivery), std::move(name)});
  }
  return letters;
}

DeliveryStory show_delivery(journal::Records& records, std::int64_t id, std::string& pipeline) {
  auto delivery = records.deliveries.find(id);
  if (!delivery) {
    throw Error(ErrorCode::config_invalid, "there is no delivery " + std::to_string(id), {}, "`datapicker dead-letters list` shows them");
  }
  pipeline = name_of_pipeline(records, delivery->pipeline_id);
  return {std::move(*delivery), records.deliveries.attempts(id), records.reports.of(id)};
}

std::vector<Decided> decide(journal::Journal& journal, const settings::Instance& instance, const Decision& decision,
                            const std::string& actor, const Clock& clock) {
  std::vector<Decided> all;
  for (const std::int64_t id : decision.ids) {
    Decided decided{id, true, {}};
    try {
      // Each by itself: one that is refused undoes none of the others.
      journal.write([&](journal::Records& records) {
        decided.what = decide_one(records, instance, decision, id, actor, clock);
      });
    } catch (const Error& error) {
      if (error.code() != ErrorCode::config_invalid) throw;
      decided.done = false;
      decided.what = error.what() + (error.hint().empty() ? "" : "; " + error.hint());
    }
    all.push_back(std::move(decided));
  }
  return all;
}

json::object decide_dead_letters(const json::object& request, const ActContext& context) {
  return json_of(decide(context.journal, context.instance, decision_from_json(request), context.actor, context.clock));
}

std::vector<Decided> decide_anywhere(const settings::InstancePlace& place, const Decision& decision, const Clock& clock) {
  std::vector<Decided> all;
  const json::object answer = act_anywhere(place, json_of(decision), {}, clock);
  for (const json::value& item : answer.at("decided").as_array()) {
    all.push_back({item.at("id").to_number<std::int64_t>(), item.at("done").as_bool(), std::string(item.at("what").as_string())});
  }
  return all;
}

}  // namespace engine::operate
