#include "engine/deliver/decision.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text/durations.h"
#include "engine/deliver/association.h"
#include "engine/journal/delivery/waits.h"
#include "engine/model/reference.h"

namespace engine::deliver {

using model::CallKind;
using model::FieldMap;
using What = Decision::What;

namespace {

bool is_live(const HeadFacts& facts) { return facts.last_sent && facts.last_sent->live && !facts.absent_at_target; }

model::FieldMap fields_of(const std::optional<std::string>& json) {
  return json ? model::fields_from_json(*json) : model::FieldMap{};
}

/// No request can be made of it: a person has to look.
Decision dead(std::string reason) { return {.what = What::dead, .reason = std::move(reason)}; }
Decision skip(std::string reason) { return {.what = What::skip, .reason = std::move(reason)}; }

constexpr const char* only_updates = "no record has this match value, and the pipeline only updates";

/// `create_only`: what is there is left alone, by whomever it was made.
Decision only_create(Decision decision, const HeadFacts& facts, const model::ObjectTraits& traits) {
  if (facts.remote_id || is_live(facts)) return skip("the record is there, and the pipeline only creates");
  if (!facts.absent_at_target && traits.has(CallKind::find)) return {.what = What::find_first};
  // Where a find proved that nothing is there, an upsert creates.
  const bool creates = traits.has(CallKind::create);
  if (!creates && !(facts.absent_at_target && traits.has(CallKind::upsert)))
    return dead("the target cannot create without touching a record that is there");
  decision.kind = creates ? CallKind::create : CallKind::upsert;
  decision.changed_fields = decision.fields;
  return decision;
}

/// `update_only`: what is not there stays so.
Decision only_update(Decision decision, const HeadFacts& facts, const model::ObjectTraits& traits) {
  if (facts.absent_at_target) return skip(only_updates);
  if (!facts.remote_id && traits.has(CallKind::find)) return {.what = What::find_first};
  // An upsert would make a record anew that somebody removed since it was looked up.
  if (!traits.has(CallKind::update)) return dead("the target cannot update without making a record that is not there");
  decision.kind = CallKind::update;
  return decision;
}

/// Upsert where the target has it; else the record is updated when it is known to be there, and created when it is not.
Decision write(Decision decision, const HeadFacts& facts, const model::ObjectTraits& traits, settings::WriteMode mode) {
  decision.what = What::call;
  if (mode == settings::WriteMode::create_only) return only_create(std::move(decision), facts, traits);
  if (mode == settings::WriteMode::update_only) return only_update(std::move(decision), facts, traits);
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

/// Fields that somebody changed there stay as they are.
void leave_kept(const HeadFacts& facts, Decision& decision) {
  if (facts.drift == nullptr || !facts.drift->keeps_any()) return;
  facts.drift->leave(decision.fields);
  for (const auto& [name, field] : facts.drift->fields()) {
    if (field.kept) decision.changed_fields.erase(name);
  }
}

Decision skip_kept(const journal::Drift& drift) {
  return skip(fmt::format("nothing else is to be sent: somebody changed {} at the target, and that is kept", drift.names(true)));
}

/// What was last sent is known, so it can be told whether somebody changed it since.
Decision with_overwritten(Decision decision, const HeadFacts& facts, const FieldMap& sent, const model::ObjectTraits& traits,
                          const PipelineTarget& pipeline) {
  const bool overwrites = decision.what == What::call && (decision.kind == CallKind::update || decision.kind == CallKind::upsert);
  if (pipeline.drift.empty() || !overwrites) return decision;
  FieldMap written = decision.changed_fields;
  if (pipeline.whole_updates || traits.of(decision.kind).whole) written.insert(decision.fields.begin(), decision.fields.end());
  const bool is_let_go = journal::Waits(facts.delivery.waits).is_let_go(journal::past_drift);
  decision.overwrites = overwritten(written, sent, pipeline.drift, is_let_go);
  return decision;
}

/// Only its relations to other records differ, so the record itself is not written.
Decision relate(Decision decision, const FieldMap& sent, const model::ObjectTraits& traits) {
  const auto next = next_association(decision.fields, sent, traits);
  if (!next) return skip("equal to what was last sent");
  if (!traits.has(next->kind)) return dead("the target offers no " + std::string(name_of(next->kind)));
  decision.what = What::call;
  decision.kind = next->kind;
  return decision;
}

/// The row is wanted at the target. What was last sent says whether anything is left to say.
Decision decide_present(const HeadFacts& facts, const model::ObjectTraits& traits, const PipelineTarget& pipeline) {
  const auto& sent = facts.last_sent;
  Decision decision{.fields = fields_of(facts.delivery.fields)};
  decision.moves = is_live(facts) && sent->match != facts.delivery.match;
  // Then all fields are sent, and nothing is skipped (rule 8).
  const bool is_unknown =
      !is_live(facts) || !sent->fields || (facts.may_have_been_sent && traits.has(CallKind::upsert));
  const FieldMap sent_fields = is_unknown ? FieldMap{} : fields_of(sent->fields);
  decision.changed_fields = is_unknown ? decision.fields : model::differing_fields(decision.fields, sent_fields);
  if (!is_unknown) leave_kept(facts, decision);
  const bool relates = model::has_associations(decision.changed_fields);
  const bool only_relates = relates && std::all_of(decision.changed_fields.begin(), decision.changed_fields.end(),
                                                   [](const auto& field) { return model::is_association(field.first); });
  if (is_unknown || decision.moves || (!decision.changed_fields.empty() && !only_relates)) {
    if (pipeline.whole_updates) decision.changed_fields = decision.fields;
    Decision written = write(std::move(decision), facts, traits, pipeline.mode);
    if (is_unknown) return written;
    return with_overwritten(std::move(written), facts, sent_fields, traits, pipeline);
  }
  if (only_relates) return relate(std::move(decision), sent_fields, traits);
  if (!facts.delivery.comment) return facts.drift != nullptr && facts.drift->keeps_any() ? skip_kept(*facts.drift) : skip("equal to what was last sent");
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
  const bool is_known = is_live(facts) && facts.last_sent->fields && !(facts.may_have_been_sent && traits.has(CallKind::upsert));
  const FieldMap sent = facts.last_sent ? fields_of(facts.last_sent->fields) : FieldMap{};
  decision.fields = sent;
  for (const auto& [name, value] : pipeline.on_delete_update) decision.fields[name] = value;
  if (!traits.has(CallKind::upsert) && !traits.has(CallKind::update)) return dead("the target offers no update");
  if (is_known) leave_kept(facts, decision);
  if (decision.changed_fields.empty() && facts.drift != nullptr) return skip_kept(*facts.drift);
  // A record that was made is marked, though nothing else of it is ever changed.
  const bool only_creates = pipeline.mode == settings::WriteMode::create_only;
  Decision marked = write(std::move(decision), facts, traits, only_creates ? settings::WriteMode::update_only : pipeline.mode);
  if (!is_known) return marked;
  return with_overwritten(std::move(marked), facts, sent, traits, pipeline);
}

/// Whoever is waited for usually ends the wait; now and then one looks, since others may have mended what was missing. The
/// longer it took the rarer, so that many that wait cost little.
std::int64_t look_again_ms(const HeadFacts& facts) {
  return std::max<std::int64_t>(60'000, (facts.now_ms - facts.delivery.created_ms) / 2);
}

std::string shown(std::span<const journal::Awaited> awaits) {
  std::string first = model::shown(awaits.front().pipeline, awaits.front().key);
  return awaits.size() == 1 ? first : fmt::format("{} and {} more", first, awaits.size() - 1);
}

/// A child waits until its parents are there, for a time.
Decision wait_for_parents(const HeadFacts& facts, const PipelineTarget& pipeline) {
  const std::int64_t left_ms = facts.delivery.created_ms + pipeline.wait_for_parent_ms - facts.now_ms;
  if (left_ms <= 0) {
    return dead(fmt::format("waited {} for {}, which did not come to the target", span_text(pipeline.wait_for_parent_ms),
                            shown(facts.awaits)));
  }
  return {.what = What::wait,
          .reason = fmt::format("waits for {}, which is not at the target yet", shown(facts.awaits)),
          .wait_ms = std::min(left_ms, look_again_ms(facts))};
}

/// The row is wanted no more. What is not known to be there is not deleted, but for what may have been sent unseen.
Decision decide_absent(const HeadFacts& facts, const model::ObjectTraits& traits, const PipelineTarget& pipeline) {
  const bool may_be_there = is_live(facts) || (facts.may_have_been_sent && traits.has(CallKind::upsert));
  if (!may_be_there) return skip("not live at the target");
  // A row got another key, or two rows share the record: it goes with the last of them.
  if (facts.taken_over) return skip("another row stands for the record now");
  if (pipeline.on_delete == settings::OnDelete::ignore) return skip("the pipeline leaves it at the target");
  if (pipeline.on_delete == settings::OnDelete::update) return mark_as_left(facts, traits, pipeline);
  const CallKind kind = kind_of(pipeline.on_delete);
  if (!traits.has(kind)) return dead("the target offers no " + std::string(name_of(kind)));
  // Those deletes end by themselves and wait for no parent, so this wait needs no limit.
  if (!facts.awaits.empty()) {
    return {.what = What::wait,
            .reason = fmt::format("waits until {} is deleted", shown(facts.awaits)),
            .wait_ms = look_again_ms(facts)};
  }
  if (!facts.remote_id && traits.has(CallKind::find)) return {.what = What::find_first};
  return {.what = What::call, .kind = kind};
}

}  // namespace

Decision decide(const HeadFacts& facts, const model::ObjectTraits& traits, const PipelineTarget& pipeline) {
  const auto& expires = facts.delivery.expires_ms;
  if (expires && facts.now_ms >= *expires)
    return {.what = What::expire, .reason = "older than the pipeline's valid_for"};
  if (!facts.reference_problem.empty()) return dead(std::string(facts.reference_problem));
  if (facts.delivery.present && !facts.awaits.empty()) return wait_for_parents(facts, pipeline);
  return facts.delivery.present ? decide_present(facts, traits, pipeline) : decide_absent(facts, traits, pipeline);
}

bool begins(const journal::Head& head, const model::ObjectTraits& traits, const PipelineTarget& pipeline, std::int64_t now_ms) {
  const HeadFacts facts{.delivery = head.delivery,
                        .last_sent = head.last_sent,
                        .remote_id = head.remote_id,
                        .taken_over = head.taken_over,
                        .now_ms = now_ms,
                        .awaits = head.awaits,
                        .reference_problem = head.reference_problem};
  const What what = decide(facts, traits, pipeline).what;
  return what == What::call || what == What::find_first || what == What::skip;
}

const std::string& addressed_match(const journal::Delivery& delivery,
                                   const std::optional<journal::LastSent>& last_sent) {
  return last_sent && last_sent->live ? last_sent->match : delivery.match;
}

}  // namespace engine::deliver
