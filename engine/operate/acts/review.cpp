// `release`, `reject`, `snooze` and `expect`: what a person decides about what guards hold.
#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/anomalies.h"
#include "engine/operate/acts/request.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

std::string require_reason(const json::object& request) {
  std::string reason = text_of(request, "reason");
  if (reason.empty() && !flag_of(request, "dry_run")) {
    throw Error(ErrorCode::config_invalid, "why?", {}, "say it with --reason: it is kept with the decision");
  }
  return reason;
}

std::vector<std::int64_t> chosen(journal::Records& records, const json::object& request) {
  std::vector<std::int64_t> ids;
  for (const json::value& id : request.at("ids").as_array()) ids.push_back(id.to_number<std::int64_t>());
  if (!flag_of(request, "all") && text_of(request, "pipeline").empty()) return ids;
  for (const ListedAnomaly& each : list_anomalies(records, text_of(request, "pipeline"), false, 0)) ids.push_back(each.anomaly.id);
  return ids;
}

journal::Anomaly open_anomaly(journal::Records& records, std::int64_t id) {
  const auto anomaly = records.anomalies.find(id);
  if (!anomaly) {
    throw Error(ErrorCode::config_invalid, "there is no anomaly " + std::to_string(id), {}, "`datapicker anomalies list` shows them");
  }
  if (anomaly->state != journal::AnomalyState::open) {
    throw Error(ErrorCode::config_invalid, "anomaly " + std::to_string(id) + " is " + std::string(name_of(anomaly->state)) + " already");
  }
  return *anomaly;
}

// Whoever saw 90 deletes has not decided about 900.
void require_as_seen(const json::object& request, std::int64_t id, std::int64_t held) {
  const json::value* seen = request.if_contains("seen");
  if (seen == nullptr) return;
  const auto number = number_of(seen->as_object(), std::to_string(id));
  if (number && held <= *number) return;
  throw Error(ErrorCode::config_invalid, "anomaly " + std::to_string(id) + " holds " + std::to_string(held) + " deliveries by now", {},
              "more were held since you looked: look again");
}

std::string pipeline_of(journal::Records& records, const journal::Anomaly& anomaly) {
  for (const journal::PipelineRow& row : records.pipelines.all()) {
    if (row.id == anomaly.pipeline_id) return row.name;
  }
  return {};
}

json::object decide_one(journal::Records& records, const json::object& request, const ActContext& context, std::int64_t id) {
  const journal::Anomaly anomaly = open_anomaly(records, id);
  const std::int64_t held = records.anomalies.count_held(id);
  require_as_seen(request, id, held);
  const bool releases = text_of(request, "verb") == "release";
  const std::string pipeline = pipeline_of(records, anomaly);
  const auto definition = context.instance.pipelines.find(pipeline);
  const bool paused = definition != context.instance.pipelines.end() &&
                      records.pauses.covers(pipeline, definition->second.target.connection);
  const journal::AnomalyDecision decision{context.actor, text_of(request, "reason"), context.clock.wall_ms()};
  std::string what = releases ? (paused ? "let go when the pause ends" : "let go") : "thrown away";
  if (!flag_of(request, "dry_run")) {
    releases ? records.anomalies.release(id, paused, decision) : records.anomalies.reject(id, decision);
  }
  return {{"id", id}, {"done", true}, {"pipeline", pipeline}, {"held", held}, {"what", what}};
}

std::int64_t count_of(const json::object& request, std::string_view name) { return number_of(request, name).value_or(0); }

std::int64_t require_until(const json::object& request, std::int64_t now_ms) {
  const std::int64_t until_ms = count_of(request, "until_ms");
  if (until_ms <= now_ms) throw Error(ErrorCode::config_invalid, "--until lies in the past", {}, "say when it ends: 2h, or 2026-11-30 06:00");
  return until_ms;
}

json::object snooze_one(journal::Records& records, const json::object& request, const ActContext&, std::int64_t id) {
  const journal::Anomaly anomaly = open_anomaly(records, id);
  if (!flag_of(request, "dry_run")) records.anomalies.snooze(id, count_of(request, "until_ms"));
  return {{"id", id}, {"done", true}, {"pipeline", pipeline_of(records, anomaly)}, {"held", records.anomalies.count_held(id)}, {"what", "stays held; no alert"}};
}

using DecideOne = json::object (*)(journal::Records& records, const json::object& request, const ActContext& context, std::int64_t id);

/// Each in a transaction of its own: one that cannot be decided undoes none of the others.
json::object decide_each(const json::object& request, const ActContext& context, DecideOne decide) {
  const std::vector<std::int64_t> ids = chosen(*context.journal.read(), request);
  json::array decided;
  for (const std::int64_t id : ids) {
    json::object one;
    try {
      if (flag_of(request, "dry_run")) {
        one = decide(*context.journal.read(), request, context, id);
      } else {
        context.journal.write([&](journal::Records& records) { one = decide(records, request, context, id); });
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::config_invalid) throw;
      one = {{"id", id}, {"done", false}, {"pipeline", ""}, {"held", 0}, {"what", error.what() + (error.hint().empty() ? "" : "; " + error.hint())}};
    }
    decided.push_back(std::move(one));
  }
  return {{"decided", std::move(decided)}};
}

}  // namespace

json::object review(const json::object& request, const ActContext& context) {
  require_reason(request);
  return decide_each(request, context, decide_one);
}

json::object snooze(const json::object& request, const ActContext& context) {
  require_reason(request);
  const std::int64_t until_ms = require_until(request, context.clock.wall_ms());
  json::object outcome = decide_each(request, context, snooze_one);
  outcome["until_ms"] = until_ms;
  return outcome;
}

json::object expect(const json::object& request, const ActContext& context) {
  const std::string name = text_of(request, "pipeline");
  known_definition(context.instance.pipelines, "pipeline", name);
  const auto row = context.journal.read()->pipelines.find(name);
  if (!row) throw Error(ErrorCode::config_invalid, "pipeline " + name + " has never run", {}, "start the daemon first");
  const std::int64_t now = context.clock.wall_ms();
  const journal::Expectation expectation{
      .pipeline_id = row->id,
      .left = {count_of(request, "inserts"), count_of(request, "updates"), count_of(request, "deletes")},
      .until_ms = require_until(request, now),
      .actor = context.actor,
      .reason = require_reason(request),
      .made_ms = now};
  if (!expectation.left.any()) throw Error(ErrorCode::config_invalid, "what is expected?", {}, "say --inserts, --updates or --deletes with a number");
  std::int64_t id = 0;
  context.journal.write([&](journal::Records& records) { id = records.guarding.expect(expectation); });
  return {{"id", id},
          {"pipeline", name},
          {"inserts", expectation.left.inserts},
          {"updates", expectation.left.updates},
          {"deletes", expectation.left.deletes},
          {"until_ms", expectation.until_ms}};
}

}  // namespace engine::operate
