#include "engine/operate/dead_letters.h"

#include <boost/json.hpp>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "engine/base/error.h"
#include "engine/journal/delivery/drift.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/instance_access.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

using journal::Delivery;
using journal::DeliveryState;

/// So many wait for one commit.
constexpr std::size_t decided_at_once = 500;
/// A request and its answer are a line each on the control socket.
constexpr std::size_t asked_at_once = 5'000;

std::map<std::int64_t, std::string> names_of_pipelines(journal::Records& records) {
  std::map<std::int64_t, std::string> names;
  for (const journal::PipelineRow& row : records.pipelines.all()) names.emplace(row.id, row.name);
  return names;
}

/// The plannings of the pipelines whose letters are retried, on the journal's writer thread: compiled once for each layout of their table.
class Plannings {
 public:
  Plannings(const settings::Instance& instance, std::map<std::int64_t, std::string> names) : instance_(instance), names_(std::move(names)) {}

  pipeline::Planning& of(journal::Records& records, std::int64_t pipeline_id) {
    const std::string& name = names_[pipeline_id];
    const auto definition = instance_.pipelines.find(name);
    const auto table = definition == instance_.pipelines.end() ? std::nullopt : records.tables.find(definition->second.table);
    Compiled& compiled = by_pipeline_[pipeline_id];
    const std::optional<std::int64_t> layout = table ? table->layout_id : std::nullopt;
    if (!compiled.planning || compiled.layout != layout) compiled = {compiled_planning(records, instance_, name), layout};
    return *compiled.planning;
  }

 private:
  struct Compiled {
    std::unique_ptr<pipeline::Planning> planning;
    std::optional<std::int64_t> layout;
  };
  const settings::Instance& instance_;
  std::map<std::int64_t, std::string> names_;
  std::map<std::int64_t, Compiled> by_pipeline_;
};

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

std::string retry_dead(journal::Records& records, Plannings& plannings, const Delivery& delivery, const Clock& clock) {
  const auto id = plannings.of(records, delivery.pipeline_id).plan_again(records, delivery, clock);
  if (id == delivery.id) return "mapped anew, in its place: its transaction goes on when nothing else holds it";
  return id ? "delivery " + std::to_string(*id) + " takes its place" : "nothing is to be sent any more";
}

/// What is pending now is held where its pipeline is paused. Whether it was.
bool is_kept_by_pause(journal::Records& records, const Delivery& delivery) {
  return records.pauses.hold_covered(delivery.updated_ms) > 0 && records.deliveries.find(delivery.id)->state == DeliveryState::held;
}

// A person looked at the target: what they found settles what no answer could.
std::string settle(journal::Records& records, Delivery delivery, Decision::Settled settled, const Clock& clock) {
  delivery.updated_ms = clock.wall_ms();
  if (settled == Decision::Settled::not_delivered) {
    delivery.state = DeliveryState::pending;
    delivery.not_before_ms = 0;
    delivery.reason = "a person says that it was not delivered";
    records.deliveries.update(delivery);
    return is_kept_by_pause(records, delivery) ? "sent again under its key when the pause ends" : "sent again under its key";
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
                                    .fields = delivery.present && delivery.fields ? std::optional(journal::Drift(delivery.drift).as_sent(*delivery.fields)) : std::nullopt,
                                    .live = delivery.present,
                                    .mapping = delivery.mapping,
                                    .sent_ms = delivery.updated_ms});
  if (!comment_is_left) return "counted as delivered";
  return is_kept_by_pause(records, delivery) ? "counted as delivered; its comment is sent when the pause ends" : "counted as delivered; its comment is sent";
}

/// The decision and what follows from it are one transaction; the audit holds who, when and why.
std::string decide_one(journal::Records& records, Plannings& plannings, const Decision& decision, std::int64_t id,
                       const std::string& actor, const Clock& clock) {
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
    what = retry_dead(records, plannings, delivery, clock);
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

/// Each by itself, so that one that is refused undoes none of the others; but all in few commits.
std::vector<Decided> decide_some(journal::Journal& journal, std::span<const std::int64_t> ids,
                                 const std::function<std::string(journal::Records&, std::int64_t)>& decide_it) {
  std::vector<Decided> decided(ids.size());
  std::vector<journal::Journal::Work> works;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    decided[i].id = ids[i];
    works.push_back([&, i](journal::Records& records) { decided[i].what = decide_it(records, ids[i]); });
  }
  const std::vector<std::exception_ptr> problems = journal.write_each(works);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    try {
      if (problems[i]) std::rethrow_exception(problems[i]);
      decided[i].done = true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::config_invalid) throw;
      decided[i].what = error.what() + (error.hint().empty() ? "" : "; " + error.hint());
    }
  }
  return decided;
}

json::object json_of(const Decision& decision, std::span<const std::int64_t> some) {
  json::array ids;
  for (const std::int64_t id : some) ids.push_back(id);
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
  const std::map<std::int64_t, std::string> names = names_of_pipelines(records);
  std::vector<DeadLetter> letters;
  for (Delivery& delivery : records.deliveries.dead_letters({.pipeline = pipeline, .limit = limit})) {
    const auto name = names.find(delivery.pipeline_id);
    letters.push_back({std::move(delivery), name == names.end() ? std::string() : name->second});
  }
  return letters;
}

DeliveryStory show_delivery(journal::Records& records, std::int64_t id, std::string& pipeline) {
  auto delivery = records.deliveries.find(id);
  if (!delivery) {
    throw Error(ErrorCode::config_invalid, "there is no delivery " + std::to_string(id), {}, "`datapicker dead-letters list` shows them");
  }
  pipeline = names_of_pipelines(records)[delivery->pipeline_id];
  DeliveryStory story = delivery_story(records, *std::move(delivery));
  story.together = together_story(records, story.delivery);
  return story;
}

std::vector<Decided> decide(journal::Journal& journal, const settings::Instance& instance, const Decision& decision,
                            const std::string& actor, const Clock& clock, const pipeline::TellProgress& tell) {
  Plannings plannings(instance, names_of_pipelines(*journal.read()));
  std::vector<Decided> all;
  const std::span<const std::int64_t> ids = decision.ids;
  while (all.size() < ids.size() && tell(static_cast<std::int64_t>(all.size()), static_cast<std::int64_t>(ids.size()))) {
    const auto some = ids.subspan(all.size(), std::min(decided_at_once, ids.size() - all.size()));
    std::vector<Decided> decided = decide_some(journal, some, [&](journal::Records& records, std::int64_t id) {
      return decide_one(records, plannings, decision, id, actor, clock);
    });
    std::move(decided.begin(), decided.end(), std::back_inserter(all));
  }
  return all;
}

json::object decide_dead_letters(const json::object& request, const ActContext& context) {
  return json_of(decide(context.journal, context.instance, decision_from_json(request), context.actor, context.clock, context.tell));
}

std::vector<Decided> decide_anywhere(const settings::InstancePlace& place, const Decision& decision, const Clock& clock) {
  std::vector<Decided> all;
  const std::span<const std::int64_t> ids = decision.ids;
  for (std::size_t at = 0; at < ids.size(); at += asked_at_once) {
    const json::object answer = act_anywhere(place, json_of(decision, ids.subspan(at, std::min(asked_at_once, ids.size() - at))), {}, clock);
    for (const json::value& item : answer.at("decided").as_array()) {
      all.push_back({item.at("id").to_number<std::int64_t>(), item.at("done").as_bool(), std::string(item.at("what").as_string())});
    }
  }
  return all;
}

}  // namespace engine::operate
