// What comes after an answered call of a delivery, and how a delivery ends.
#include <fmt/format.h>

#include <utility>

#include "engine/deliver/applied.h"
#include "engine/deliver/association.h"
#include "engine/deliver/settlement.h"

namespace engine::deliver {

using journal::DeliveryState;
using model::CallKind;
using Then = Settled::Then;

namespace {

/// After a removal there is nothing to read.
bool reads_back(const Job& job, CallKind done) {
  if (is_removal(done) || !job.traits->has(CallKind::read_back) || job.sent_fields.empty()) return false;
  const auto known = job.traits->calls.find(done);
  return known != job.traits->calls.end() && known->second.read_back == model::ReadBack::always;
}

/// Some upserts tell no id of a record that was there (Salesforce answers 204), and children wait for it.
bool wants_id(const Job& job, CallKind done) {
  return writes_record(done) && job.delivery().present && job.pipeline != nullptr && job.pipeline->has_children &&
         !job.head.remote_id && job.traits->has(CallKind::find);
}

/// In fixed order (rule 10): the record, what it holds, its id, its relations, the comment.
std::optional<CallKind> next_call(const Job& job, CallKind done) {
  const bool stays = done != CallKind::delete_ && done != CallKind::archive;
  if (writes_record(done) && reads_back(job, done)) return CallKind::read_back;
  if (wants_id(job, done)) return CallKind::find;
  if (job.delivery().present && done != CallKind::comment) {
    if (const auto relation = next_association(job)) return relation->kind;
  }
  if (done != CallKind::comment && job.delivery().comment && stays) return CallKind::comment;
  return std::nullopt;
}

}  // namespace

Settled go_on_after(Job& job, CallKind done, std::int64_t now_ms) {
  journal::Delivery& delivery = job.delivery();
  delivery.tries = delivery.looks = 0;
  delivery.frozen.reset();
  delivery.updated_ms = now_ms;
  const std::optional<CallKind> next = next_call(job, done);
  if (!next) {
    job.effects.supersede_dead = job.head.has_dead;
    return end_as(job, DeliveryState::delivered, "");
  }
  if (!job.traits->has(*next)) {
    return end_as(job, DeliveryState::dead, fmt::format("written, but the target offers no {}", name_of(*next)));
  }
  delivery.state = DeliveryState::in_flight;
  delivery.step = name_of(*next);
  delivery.reason.clear();
  job.kind = *next;
  return {.then = Then::call};
}

Settled vanished(Job& job, std::int64_t now_ms) {
  job.went_missing = true;
  job.drift.reset();
  job.delivery().drift.reset();
  remember_sent(job, std::nullopt, false, now_ms);
  job.effects.forget_remote_id = true;
  job.head.remote_id.reset();
  job.absent_at_target = true;
  job.suspected = false;
  job.reads_first.reset();
  job.after_find.reset();
  job.delivery().frozen.reset();
  return {.then = Then::decide};
}

Settled look_for_drift(Job& job, const model::FieldMap& there) {
  const Overwritten fields = *std::exchange(job.reads_first, std::nullopt);
  const auto& sent = job.head.last_sent;
  job.drift = drifted(fields, model::fields_from_json(sent && sent->fields ? *sent->fields : "{}"), there, job.pipeline->drift);
  job.delivery().drift = job.drift->json();
  return {.then = Then::decide};
}

/// A dead letter keeps its frozen request: a person may want to see what would have gone out.
Settled end_as(Job& job, DeliveryState state, std::string reason) {
  journal::Delivery& delivery = job.delivery();
  delivery.state = state;
  delivery.reason = std::move(reason);
  delivery.not_before_ms = 0;
  if (state != DeliveryState::dead) delivery.frozen.reset();
  return {.then = Then::end, .reason = delivery.reason};
}

}  // namespace engine::deliver
