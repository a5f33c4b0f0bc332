#include "engine/deliver/decision.h"

namespace engine::deliver {

using model::CallKind;
using What = Decision::What;

namespace {

bool is_live(const HeadFacts& facts) { return facts.last_sent && facts.last_sent->live && !facts.absent_at_target; }

model::FieldMap fields_of(const std::optional<std::string>& json) {
  return json ? model::fields_from_json(*json) : model::FieldMap{};
}

Decision dead(std::string reason) { return {.what = What::dead, .reason = std::move(reason)}; }
Decision skip(std::string reason) { return {.what = What::skip, .reason = std::move(reason)}; }

/// Upsert where the target has it; else the record is updated when it is known to be there, and created when it is not.
Decision write(Decision decision, const HeadFacts& facts, const model::ObjectTraits& traits) {
  decision.what = What::call;
  if (traits.has(CallKind::upsert)) {
    decision.kind = CallKind::upsert;
    return decision;
  }
  if (!facts.remote_id && !facts.absent_at_target && traits.has(CallKind::find)) return {.what = What::find_first};
  const bool is_there = facts.remote_id || is_live(facts);
  if (traits.has(CallKind::update) && (is_there || !traits.has(CallKind::create))) {
    if (facts.absent_at_target) return dead("no record has this match value, and the target offers no create");
    decision.kind = CallKind::update;
    return decision;
  }
  if (!traits.has(CallKind::create)) return dead("the target offers neither upsert nor update nor create");
  decision.kind = CallKind::create;
  decision.changed_fields = decision.fields;
  return decision;
}

Decision decide_present(const HeadFacts& facts, const model::ObjectTraits& traits) {
  const auto& sent = facts.last_sent;
  Decision decision{.fields = fields_of(facts.delivery.fields)};
  decision.moves = is_live(facts) && sent->match != facts.delivery.match;
  const bool is_unknown =
      !is_live(facts) || !sent->fields || (facts.may_have_been_sent && traits.has(CallKind::upsert));
  decision.changed_fields =
      is_unknown ? decision.fields : model::differing_fields(decision.fields, model::fields_from_json(*sent->fields));
  if (is_unknown || !decision.changed_fields.empty() || decision.moves) {
    return write(std::move(decision), facts, traits);
  }
  if (!facts.delivery.comment) return skip("equal to what was last sent");
  if (!traits.has(CallKind::comment)) return dead("the target offers no comment");
  decision.what = What::call;
  decision.kind = CallKind::comment;
  return decision;
}

CallKind kind_of(settings::OnDelete on_delete) {
  switch (on_delete) {
    case settings::OnDelete::archive:
      return CallKind::archive;
    case settings::OnDelete::resolve:
      return CallKind::resolve;
    default:
      return CallKind::delete_;
  }
}

/// A row that leaves becomes an update of the fields that say so; the others stay as they were sent.
Decision mark_as_left(const HeadFacts& facts, const model::ObjectTraits& traits, const PipelineTarget& pipeline) {
  Decision decision{.changed_fields = pipeline.on_delete_update};
  decision.fields = facts.last_sent ? fields_of(facts.last_sent->fields) : model::FieldMap{};
  for (const auto& [name, value] : pipeline.on_delete_update) decision.fields[name] = value;
  if (!traits.has(CallKind::upsert) && !traits.has(CallKind::update)) return dead("the target offers no update");
  return write(std::move(decision), facts, traits);
}

Decision decide_absent(const HeadFacts& facts, const model::ObjectTraits& traits, const PipelineTarget& pipeline) {
  const bool may_be_there = is_live(facts) || (facts.may_have_been_sent && traits.has(CallKind::upsert));
  if (!may_be_there) return skip("not live at the target");
  if (pipeline.on_delete == settings::OnDelete::ignore) return skip("the pipeline leaves it at the target");
  if (pipeline.on_delete == settings::OnDelete::update) return mark_as_left(facts, traits, pipeline);
  const CallKind kind = kind_of(pipeline.on_delete);
  if (!traits.has(kind)) return dead("the target offers no " + std::string(name_of(kind)));
  if (!facts.remote_id && traits.has(CallKind::find)) return {.what = What::find_first};
  return {.what = What::call, .kind = kind};
}

}  // namespace

Decision decide(const HeadFacts& facts, const model::ObjectTraits& traits, const PipelineTarget& pipeline) {
  const auto& expires = facts.delivery.expires_ms;
  if (expires && facts.now_ms >= *expires)
    return {.what = What::expire, .reason = "older than the pipeline's valid_for"};
  return facts.delivery.present ? decide_present(facts, traits) : decide_absent(facts, traits, pipeline);
}

const std::string& addressed_match(const journal::Delivery& delivery,
                                   const std::optional<journal::LastSent>& last_sent) {
  return last_sent && last_sent->live ? last_sent->match : delivery.match;
}

}  // namespace engine::deliver
