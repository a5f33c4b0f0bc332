#include "engine/pipeline/planning/forecast.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/deliver/decision.h"
#include "engine/deliver/job.h"
#include "engine/deliver/references.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::pipeline {

using What = Forecast::What;
using Decided = deliver::Decision::What;
using model::CallKind;

namespace {

Forecast failed(std::string reason) { return {.what = What::failed, .reason = std::move(reason)}; }

Forecast left() { return {.what = What::left, .reason = "outside 'where' and not at the target"}; }

/// What would be sent if its rule were met; what is as it was last sent is not kept back.
Forecast kept_back(Forecast forecast, const settings::GuardRule& rule) {
  using Action = settings::GuardRule::Action;
  if (forecast.what == What::failed || (forecast.what == What::skip && rule.action == Action::hold)) return forecast;
  if (rule.action == Action::dead_letter) return failed(not_met(rule));
  forecast.what = What::skip;
  forecast.reason = not_met(rule) + (rule.action == Action::hold ? ": it would be held" : ": it is not sent");
  return forecast;
}

/// The fields of `changed` as they were last sent; what is unknown or was never sent is absent.
model::FieldMap as_sent(const std::optional<journal::LastSent>& sent, const model::FieldMap& changed) {
  model::FieldMap before;
  if (!sent || !sent->live || !sent->fields) return before;
  for (const auto& [name, value] : model::fields_from_json(*sent->fields)) {
    if (changed.contains(name)) before.emplace(name, value);
  }
  return before;
}

What what_of(const journal::Delivery& delivery, bool is_live) {
  if (!delivery.present) return What::delete_;
  return is_live ? What::update : What::create;
}

}  // namespace

std::string_view name_of(What what) {
  switch (what) {
    case What::create: return "create";
    case What::update: return "update";
    case What::delete_: return "delete";
    case What::skip: return "skip";
    case What::left: return "left";
    case What::failed: break;
  }
  return "failed";
}

Forecaster::Forecaster(const settings::PipelineDefinition& pipeline, deliver::PipelineTarget known, const model::Target& target,
                       journal::Records* records, const std::string& journal_id, std::int64_t now_ms)
    : pipeline_(pipeline), known_(std::move(known)), target_(target), records_(records), journal_id_(journal_id), now_ms_(now_ms) {
  if (records == nullptr) return;
  if (const auto row = records->pipelines.find(pipeline.name)) pipeline_id_ = row->id;
  last_seq_ = records->changes.last_seq();
}

journal::Delivery Forecaster::delivery_of(const std::string& key, const map::MapOutcome& outcome) const {
  journal::Delivery delivery;
  delivery.pipeline_id = pipeline_id_;
  delivery.key = key;
  delivery.first_seq = delivery.last_seq = last_seq_;
  delivery.connection = pipeline_.target.connection;
  delivery.object = pipeline_.target.object;
  if (const auto* left = std::get_if<map::Left>(&outcome)) {
    delivery.match = left->match;
    delivery.present = false;
  } else if (const auto* mapped = std::get_if<map::Mapped>(&outcome)) {
    delivery.match = mapped->match;
    delivery.fields = redirected(mapped->fields, pipeline_.target.redirect);
    delivery.comment = mapped->comment;
  }
  return delivery;
}

Forecast Forecaster::guarded(journal::Head head, const map::MapOutcome& outcome) {
  try {
    Forecast forecast = of_head(std::move(head));
    const auto* mapped = std::get_if<map::Mapped>(&outcome);
    return mapped != nullptr && mapped->broken_rule ? kept_back(std::move(forecast), pipeline_.rules[*mapped->broken_rule]) : forecast;
  } catch (const Error& error) {
    return failed(std::string("the request cannot be made: ") + error.what());
  }
}

Forecast Forecaster::of(const std::string& key, const map::MapOutcome& outcome) {
  if (const auto* problem = std::get_if<map::Failed>(&outcome)) return failed(problem->reason);
  const journal::Delivery delivery = delivery_of(key, outcome);
  if (!delivery.present) {
    const auto sent = records_ == nullptr ? std::nullopt : records_->deliveries.last_sent(pipeline_id_, key);
    if (!sent || !sent->live) return left();
  }
  journal::Head head = records_ == nullptr ? journal::Head{.delivery = delivery} : records_->deliveries.complete(delivery);
  const std::optional<journal::LastSent> sent = head.last_sent;
  Forecast forecast = guarded(std::move(head), outcome);
  forecast.before = as_sent(sent, forecast.after);
  return forecast;
}

Forecast Forecaster::of_past(const std::string& key, const map::MapOutcome* was, const map::MapOutcome& is) {
  if (const auto* problem = std::get_if<map::Failed>(&is)) return failed(problem->reason);
  const auto* sent = was == nullptr ? nullptr : std::get_if<map::Mapped>(was);
  if (std::holds_alternative<map::Left>(is) && sent == nullptr) return left();
  return guarded(head_of_past(delivery_of(key, is), sent), is);
}

// A target that finds records by ids gave this one an id: which one does not matter, as long as both sides of a comparison have the same.
journal::Head Forecaster::head_of_past(const journal::Delivery& delivery, const map::Mapped* was) const {
  journal::Head head{.delivery = delivery};
  if (was == nullptr) return head;
  head.last_sent = journal::LastSent{.pipeline_id = pipeline_id_,
                                     .key = delivery.key,
                                     .connection = delivery.connection,
                                     .object = delivery.object,
                                     .match = was->match,
                                     .fields = redirected(was->fields, pipeline_.target.redirect),
                                     .live = true};
  if (!target_.traits(delivery.object).has(CallKind::upsert)) head.remote_id = "REMOTE-ID";
  return head;
}

/// Ids in the place of references, and for a record that is not there yet a text that says so; then the reason is told.
std::string Forecaster::resolve(journal::Head& head) const {
  if (records_ != nullptr) deliver::ReferenceReader(*records_, target_).resolve(head, known_);
  std::optional<std::string>& fields = head.delivery.fields;
  if (!fields || !model::may_hold_references(*fields)) return {};
  model::FieldMap values = model::fields_from_json(*fields);
  std::string missing;
  model::put_in_ids(values, [&](const model::Reference& reference) {
    missing = fmt::format("{} {}", reference.pipeline, fmt::join(reference.key, " "));
    return std::optional("<id of " + missing + ">");
  });
  fields = model::fields_json(values);
  return "it waits for " + missing + ", which is not at the target yet";
}

Forecast Forecaster::of_head(journal::Head head) {
  deliver::Job job;
  job.head = std::move(head);
  job.traits = &target_.traits(job.head.delivery.object);
  job.pipeline = &known_;
  const std::string waits = resolve(job.head);
  deliver::HeadFacts facts{.delivery = job.head.delivery, .last_sent = job.head.last_sent, .remote_id = job.head.remote_id, .now_ms = now_ms_};
  deliver::Decision decision = deliver::decide(facts, *job.traits, known_);
  const bool is_live = job.head.last_sent && job.head.last_sent->live;
  Forecast forecast{.what = what_of(job.head.delivery, is_live), .reason = decision.reason.empty() ? waits : decision.reason};
  const bool looks_first = decision.what == Decided::find_first;
  if (looks_first) {
    forecast.reason = "a look-up comes first: a record that it finds is updated";
    facts.absent_at_target = !is_live;
    if (!is_live) decision = deliver::decide(facts, *job.traits, known_);
  }
  if (decision.what == Decided::dead) return failed(decision.reason);
  if (decision.what == Decided::skip || decision.what == Decided::expire) {
    forecast.what = What::skip;
    return forecast;
  }
  job.kind = decision.what == Decided::find_first ? CallKind::find : decision.kind;
  job.fields = decision.fields;
  job.changed_fields = decision.changed_fields;
  job.moves = decision.moves;
  forecast.call = job.kind;
  forecast.after = decision.changed_fields;
  const model::Call call = deliver::make_call(job, job.kind, journal_id_);
  forecast.request = target_.prepare({&call, 1});
  forecast.fields = std::move(job.fields);
  return forecast;
}

}  // namespace engine::pipeline
