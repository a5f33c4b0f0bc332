#include <boost/json.hpp>

#include "engine/operate/review/plan/plan.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

json::value value_of(const std::string& text) { return text.empty() ? json::value(nullptr) : json::parse(text); }

json::object json_of(NowAndThen number) { return {{"now", number.now}, {"then", number.then}}; }

json::object json_of(const PastSaid& said) {
  json::value request = nullptr;
  const ShownRequest& shown = said.request;
  if (!shown.body.empty() || !shown.method.empty()) {
    request = json::object{{"method", shown.method}, {"url", shown.url}, {"body", shown.body}};
  }
  return {{"call", name_of(said.call)}, {"reason", said.reason}, {"request", std::move(request)}};
}

json::object json_of(const CallDifference& difference) {
  json::object fields;
  for (const FieldDifference& field : difference.fields) {
    fields[field.field] = json::object{{"now", value_of(field.now)}, {"then", value_of(field.then)}};
  }
  return {{"kind", name_of(difference.kind)}, {"seq", difference.seq},         {"at_ms", difference.at_ms}, {"key", json::parse(difference.key)},
          {"now", json_of(difference.now)},   {"then", json_of(difference.then)}, {"fields", std::move(fields)}};
}

json::array json_of(const std::vector<PastHold>& holds) {
  json::array list;
  for (const PastHold& hold : holds) list.push_back(json::object{{"at_ms", hold.at_ms}, {"cycle", hold.cycle_id}, {"text", hold.text}});
  return list;
}

json::object json_of(const PipelinePlan& plan) {
  json::array notes;
  for (const std::string& note : plan.notes) notes.emplace_back(note);
  json::object calls, fields, rules;
  for (const auto& [call, number] : plan.calls) calls[name_of(call)] = json_of(number);
  for (const auto& [field, number] : plan.fields) fields[field] = number;
  for (const auto& [rule, number] : plan.rules) rules[rule] = json_of(number);
  json::array samples;
  for (const CallDifference& sample : plan.samples) samples.push_back(json_of(sample));
  return {{"pipeline", plan.pipeline},
          {"table", plan.table},
          {"known", name_of(plan.known)},
          {"notes", std::move(notes)},
          {"changes", plan.changes},
          {"added", plan.number(DifferenceKind::added)},
          {"removed", plan.number(DifferenceKind::removed)},
          {"different", plan.number(DifferenceKind::different)},
          {"calls", std::move(calls)},
          {"fields", std::move(fields)},
          {"rules", std::move(rules)},
          {"merged", json_of(plan.merged)},
          {"flip_flops", json_of(plan.flip_flops)},
          {"holds", json_of(plan.holds)},
          {"holds_now", json_of(plan.holds_now)},
          {"holds_then", json_of(plan.holds_then)},
          {"samples", std::move(samples)}};
}

}  // namespace

json::value json_of(const Plan& plan) {
  json::array pipelines;
  for (const PipelinePlan& each : plan.pipelines) pipelines.push_back(json_of(each));
  return json::object{{"days", plan.days}, {"since_ms", plan.since_ms}, {"changes", plan.changes}, {"differs", plan.differs()}, {"pipelines", std::move(pipelines)}};
}

}  // namespace engine::operate
