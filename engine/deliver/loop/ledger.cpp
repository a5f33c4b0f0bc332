#include "engine/deliver/loop/ledger.h"

#include "engine/deliver/references.h"
#include "engine/journal/delivery/guard/holding.h"

#include <utility>

namespace engine::deliver {

using journal::DeliveryState;

namespace {

/// One without an id went out unjournaled, and is written with its end.
void write_attempts(journal::Deliveries& deliveries, LedgerEntry& entry) {
  for (const journal::Attempt& attempt : entry.ended) {
    if (attempt.id != 0) {
      deliveries.end_attempt(attempt);
    } else {
      deliveries.start_attempt(attempt);
    }
  }
}

/// Whose ids the record was given, and, of a parent, who was given an id that it has no more.
void write_relations(journal::Deliveries& deliveries, const LedgerEntry& entry) {
  const PipelineTarget& pipeline = *entry.job->pipeline;
  const Effects& effects = entry.effects;
  const journal::Delivery& delivery = entry.delivery();
  const bool written = effects.last_sent && effects.last_sent->fields;
  // A message has told what it told: it does not follow a parent's new id.
  const bool follows = !pipeline.parents.empty() && !delivery.every_change;
  if (follows && effects.last_sent && (written || !effects.last_sent->live)) {
    const bool refers = effects.last_sent->live && delivery.look_ups;
    deliveries.put_look_ups(delivery.pipeline_id, delivery.key,
                            refers ? look_ups_of(*delivery.look_ups, pipeline)
                                   : std::vector<journal::Deliveries::LookUp>{});
  }
  if (!pipeline.has_children) return;
  if (effects.found_remote_id) {
    deliveries.outdate_look_ups(delivery.pipeline_id, delivery.key, *effects.found_remote_id);
  } else if (written && effects.last_sent->live && entry.job->traits != nullptr && entry.job->traits->match_is_id) {
    const std::string id = id_of_match(effects.last_sent->match);
    if (!id.empty()) deliveries.outdate_look_ups(delivery.pipeline_id, delivery.key, id);
  }
}

/// What the answer proved stands in the same transaction as the state that follows from it.
void write_effects(journal::Records& records, const LedgerEntry& entry, std::int64_t now_ms) {
  journal::Deliveries& deliveries = records.deliveries;
  const Effects& effects = entry.effects;
  const journal::Delivery& delivery = entry.delivery();
  if (effects.last_sent) deliveries.put_last_sent(*effects.last_sent);
  if (effects.forget_remote_id) {
    deliveries.forget_remote_id(delivery.connection, delivery.object, effects.forgotten_match);
  }
  if (effects.found_remote_id) {
    deliveries.put_remote_id(delivery.connection, delivery.object, effects.remote_match, *effects.found_remote_id,
                             now_ms);
  }
  const PipelineTarget* pipeline = entry.job->pipeline;
  if (pipeline != nullptr && (pipeline->has_children || !pipeline->parents.empty())) write_relations(deliveries, entry);
  if (!effects.closed_window_of.empty()) records.conversations.close(delivery.connection, effects.closed_window_of);
  if (effects.supersede_dead) deliveries.supersede_dead_before(delivery, now_ms);
}

bool update(journal::Deliveries& deliveries, const LedgerEntry& entry) {
  // An upsert that was superseded, or paused, while it was under way was applied all the same, and its story says so. A
  // failure of it is no news: the newer one says what is wanted.
  const bool applied =
      entry.delivery().state == DeliveryState::delivered || entry.delivery().state == DeliveryState::in_flight;
  if (entry.unjournaled && applied) {
    return deliveries.update_if(entry.delivery(), {entry.expected, DeliveryState::superseded, DeliveryState::held});
  }
  return deliveries.update_if(entry.delivery(), {entry.expected});
}

/// Unless somebody decided otherwise about it meanwhile.
void hold(journal::Records& records, LedgerEntry& entry) {
  const auto now = records.deliveries.find(entry.delivery().id);
  if (!now || now->state != DeliveryState::pending) return;
  const journal::Anomaly& anomaly = *entry.anomaly;
  entry.opened_anomaly = !records.anomalies.open_of(anomaly.pipeline_id, anomaly.kind);
  journal::hold_under(entry.job->delivery(), records.anomalies.open(anomaly));
}

/// What comes back to wait, or is to be sent again after a look-up, does not leave a paused pipeline; what is new stands held in the journal.
bool is_paused(journal::Records& records, const LedgerEntry& entry) {
  const bool waits_again = entry.delivery().state == DeliveryState::pending && entry.expected != DeliveryState::pending;
  const bool begins_again = entry.begun && entry.expected == DeliveryState::uncertain;
  return (waits_again || begins_again) && entry.job->pipeline != nullptr && records.pauses.covers(entry.job->pipeline->name, entry.delivery().connection);
}

bool update_as_paused(journal::Deliveries& deliveries, const LedgerEntry& entry) {
  journal::Delivery paused = entry.delivery();
  paused.state = DeliveryState::held;
  paused.reason = "paused";
  return deliveries.update_if(paused, {entry.expected});
}

}  // namespace

LedgerEntry entry_of(const JobPtr& job, LedgerEntry::After after, std::int64_t now_ms) {
  job->delivery().updated_ms = now_ms;
  LedgerEntry entry{.job = job, .after = after};
  if (after != LedgerEntry::After::release) entry.snapshot = std::make_unique<const journal::Delivery>(job->delivery());
  entry.expected = job->journaled;
  entry.unjournaled = job->unjournaled;
  entry.ended = std::exchange(job->ended, {});
  entry.effects = std::exchange(job->effects, {});
  // The next entry of this job is written behind this one, and finds what this one leaves.
  job->journaled = entry.delivery().state;
  return entry;
}

void write_entry(journal::Records& records, LedgerEntry& entry, std::int64_t now_ms) {
  journal::Deliveries& deliveries = records.deliveries;
  write_attempts(deliveries, entry);
  if (entry.effects.yield_to_delete) {
    if (const auto behind = deliveries.delete_behind(entry.delivery())) {
      if (entry.effects.last_sent) deliveries.put_last_sent(*entry.effects.last_sent);
      deliveries.supersede(entry.delivery(), *behind, "never applied, and the row is gone", now_ms);
      entry.written = entry.yielded = true;
      return;
    }
  }
  if (entry.anomaly) hold(records, entry);
  const bool stays = is_paused(records, entry);
  entry.written = stays ? update_as_paused(deliveries, entry) : update(deliveries, entry);
  entry.yielded = stays;
  // What went out without a trace is remembered whatever became of the delivery; for all else another decision stands.
  if (!entry.written && !entry.unjournaled) return;
  write_effects(records, entry, now_ms);
  // A report may have been faster than the answer, or than its loss. Whoever waits behind is let go by the release.
  const bool is_unsure = entry.delivery().state == DeliveryState::uncertain ||
                         (entry.delivery().state == DeliveryState::pending && entry.delivery().tries > 0);
  if (entry.written && is_unsure) records.reports.settle(entry.delivery());
  if (entry.begun && entry.written && !stays) entry.begun_id = deliveries.start_attempt(*entry.begun);
}

}  // namespace engine::deliver
