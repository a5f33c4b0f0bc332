#include "engine/journal/delivery/guard/anomalies.h"

#include <algorithm>
#include <array>

#include "engine/journal/connection.h"
#include "engine/journal/delivery/delivery_row.h"
#include "engine/journal/delivery/guard/effect_hours.h"
#include "engine/journal/delivery/guard/holding.h"
#include "engine/journal/delivery/waits.h"
#include "engine/model/fields.h"

namespace engine::journal {

namespace {

#define ANOMALY_COLUMNS                                                                                               \
  "SELECT id, kind, pipeline_id, cycle_id, state, text, numbers, opened_ms, updated_ms, closed_ms, actor, reason, stays_ms FROM " \
  "anomaly "
#define HELD_BY "FROM delivery AS d INDEXED BY delivery_in_anomaly WHERE d.anomaly_id = ?1 AND d.state = 'held' "

constexpr std::size_t page_held = 500;
constexpr std::array<std::string_view, 4> anomaly_states{"open", "released", "rejected", "healed"};

Anomaly read_anomaly(const Statement& row) {
  return {.id = row.integer(0),
          .kind = std::string(row.text(1)),
          .pipeline_id = row.integer(2),
          .cycle_id = row.integer(3),
          .state = static_cast<AnomalyState>(place_of(row.text(4), anomaly_states, "an anomaly's state")),
          .text = std::string(row.text(5)),
          .numbers = std::string(row.text(6)),
          .opened_ms = row.integer(7),
          .updated_ms = row.integer(8),
          .closed_ms = row.optional_integer(9),
          .actor = std::string(row.text(10)),
          .reason = std::string(row.text(11)),
          .stays_ms = row.integer(12)};
}

std::vector<Anomaly> read_all(Statement& row) {
  std::vector<Anomaly> all;
  while (row.step()) all.push_back(read_anomaly(row));
  return all;
}

}  // namespace

std::string_view name_of(AnomalyState state) { return anomaly_states[static_cast<std::size_t>(state)]; }

std::int64_t Anomalies::open(const Anomaly& anomaly) {
  if (const auto known = open_of(anomaly.pipeline_id, anomaly.kind)) {
    connection_.prepare("UPDATE anomaly SET text = ?2, numbers = ?3, updated_ms = ?4, stays_ms = ?5 WHERE id = ?1")
        .bind(1, known->id)
        .bind(2, anomaly.text)
        .bind(3, anomaly.numbers)
        .bind(4, anomaly.updated_ms)
        .bind(5, anomaly.stays_ms)
        .run();
    return known->id;
  }
  connection_
      .prepare(
          "INSERT INTO anomaly (kind, pipeline_id, cycle_id, state, text, numbers, opened_ms, updated_ms, stays_ms) "
          "VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?)")
      .bind(1, anomaly.kind)
      .bind(2, anomaly.pipeline_id)
      .bind(3, anomaly.cycle_id)
      .bind(4, anomaly.text)
      .bind(5, anomaly.numbers)
      .bind(6, anomaly.opened_ms)
      .bind(7, anomaly.updated_ms)
      .bind(8, anomaly.stays_ms)
      .run();
  return connection_.last_row_id();
}

std::optional<Anomaly> Anomalies::find(std::int64_t id) {
  Statement row = connection_.prepare(ANOMALY_COLUMNS "WHERE id = ?1");
  if (!row.bind(1, id).step()) return std::nullopt;
  return read_anomaly(row);
}

std::optional<Anomaly> Anomalies::open_of(std::int64_t pipeline_id, std::string_view kind) {
  Statement row = connection_.prepare(ANOMALY_COLUMNS "WHERE pipeline_id = ?1 AND kind = ?2 AND state = 'open' ORDER BY id LIMIT 1");
  if (!row.bind(1, pipeline_id).bind(2, kind).step()) return std::nullopt;
  return read_anomaly(row);
}

std::vector<Anomaly> Anomalies::all_open() {
  Statement row = connection_.prepare(ANOMALY_COLUMNS "INDEXED BY anomaly_open WHERE state = 'open' ORDER BY id");
  return read_all(row);
}

std::vector<Anomaly> Anomalies::latest(std::size_t limit) {
  Statement row = connection_.prepare(ANOMALY_COLUMNS "ORDER BY id DESC LIMIT ?1");
  row.bind(1, static_cast<std::int64_t>(limit));
  std::vector<Anomaly> all = read_all(row);
  std::reverse(all.begin(), all.end());
  return all;
}

void Anomalies::reopen(std::int64_t id, std::int64_t now_ms) {
  connection_.prepare("UPDATE anomaly SET state = 'open', closed_ms = NULL, updated_ms = ?2 WHERE id = ?1")
      .bind(1, id)
      .bind(2, now_ms)
      .run();
}

void Anomalies::snooze(std::int64_t id, std::int64_t until_ms) {
  connection_.prepare("INSERT OR REPLACE INTO snooze (anomaly_id, until_ms) VALUES (?, ?)").bind(1, id).bind(2, until_ms).run();
}

std::int64_t Anomalies::snoozed_until(std::int64_t id) {
  Statement row = connection_.prepare("SELECT until_ms FROM snooze WHERE anomaly_id = ?1");
  return row.bind(1, id).step() ? row.integer(0) : 0;
}

std::int64_t Anomalies::count_held(std::int64_t id) {
  Statement row = connection_.prepare("SELECT count(*) " HELD_BY);
  row.bind(1, id).step();
  return row.integer(0);
}

std::vector<Delivery> Anomalies::held(std::int64_t id, std::int64_t after_id, std::size_t limit) {
  Statement row = connection_.prepare("SELECT " DELIVERY_COLUMNS " " HELD_BY "AND d.id > ?2 ORDER BY d.id LIMIT ?3");
  row.bind(1, id).bind(2, after_id).bind(3, static_cast<std::int64_t>(limit));
  return deliveries_of(row);
}

// A decided anomaly counts no more: what a person let go, or threw away, is nobody's mass change.
void Anomalies::close(std::int64_t id, AnomalyState state, const AnomalyDecision& decision) {
  connection_.prepare("UPDATE anomaly SET state = ?2, closed_ms = ?3, actor = ?4, reason = ?5 WHERE id = ?1")
      .bind(1, id)
      .bind(2, name_of(state))
      .bind(3, decision.at_ms)
      .bind(4, decision.actor)
      .bind(5, decision.reason)
      .run();
  connection_.prepare("DELETE FROM effect_count WHERE anomaly_id = ?1 AND pipeline_id = (SELECT pipeline_id FROM anomaly WHERE id = ?1)")
      .bind(1, id)
      .run();
  if (const auto anomaly = find(id)) EffectHours(connection_).decided(anomaly->pipeline_id, id, state == AnomalyState::released);
  connection_.prepare("DELETE FROM snooze WHERE anomaly_id = ?1").bind(1, id).run();
}

/// Of each delivery it holds, so that its story tells who let it go, or threw it away.
void Anomalies::record_decisions(std::int64_t id, std::string_view what, const AnomalyDecision& decision) {
  connection_
      .prepare("INSERT INTO decision (delivery_id, decision, actor, reason, decided_ms, anomaly_id) SELECT d.id, ?2, ?3, ?4, ?5, ?1 " HELD_BY)
      .bind(1, id)
      .bind(2, what)
      .bind(3, decision.actor)
      .bind(4, decision.reason)
      .bind(5, decision.at_ms)
      .run();
}

/// What a condition kept back too long is not asked about again, and what somebody changed at the target neither.
void Anomalies::let_go_past(std::int64_t id) {
  const auto anomaly = find(id);
  const bool is_condition = anomaly && anomaly->kind.starts_with(hold_while_kind);
  if (!is_condition && !(anomaly && anomaly->kind == drift_kind)) return;
  Waits let_go;
  let_go.let_go(is_condition ? anomaly->kind.substr(std::string_view(hold_while_kind).size()) : past_drift);
  connection_
      .prepare("UPDATE delivery INDEXED BY delivery_in_anomaly SET waits = json_patch(coalesce(waits, '{}'), ?2) WHERE anomaly_id = ?1 AND state = 'held'")
      .bind(1, id)
      .bind(2, let_go.json())
      .run();
}

std::int64_t Anomalies::release(std::int64_t id, bool paused, const AnomalyDecision& decision) {
  // Rejected once, held again when it came again, and wanted now.
  connection_
      .prepare("DELETE FROM rejection WHERE (pipeline_id, key) IN (SELECT d.pipeline_id, d.key " HELD_BY ")")
      .bind(1, id)
      .run();
  record_decisions(id, "release", decision);
  let_go_past(id);
  Statement row = connection_.prepare(
      "UPDATE delivery INDEXED BY delivery_in_anomaly SET state = ?2, reason = ?3, anomaly_id = NULL, updated_ms = ?4 "
      "WHERE anomaly_id = ?1 AND state = 'held'");
  row.bind(1, id).bind(2, paused ? "held" : "pending").bind(3, paused ? "paused" : "").bind(4, decision.at_ms).run();
  const std::int64_t released = connection_.changes();
  close(id, AnomalyState::released, decision);
  return released;
}

void Anomalies::remember_rejected(const Delivery& delivery, std::int64_t id) {
  if (delivery.every_change) return;
  const std::string key = deliveries_.key_now(delivery.pipeline_id, delivery.key);
  auto sent = deliveries_.last_sent(delivery.pipeline_id, key);
  const bool live = sent && sent->live;
  model::FieldMap fields;
  if (delivery.present) {
    const model::FieldMap before = model::fields_from_json(live && sent->fields ? *sent->fields : "{}");
    fields = model::differing_fields(model::fields_from_json(delivery.fields.value_or("{}")), before);
  }
  Rejection rejection{.anomaly_id = id, .present = delivery.present, .fields = model::fields_json(fields)};
  if (delivery.present && live && delivery.match != sent->match) rejection.match = delivery.match;
  deliveries_.rejections().put(delivery.pipeline_id, key, rejection);
  // With it goes what told that an earlier state may have arrived, whose place it took: the next one is sent in full.
  if (!live || !sent->fields || key != delivery.key || nothing_was_let_go(connection_, delivery.pipeline_id, key)) return;
  sent->fields.reset();
  deliveries_.put_last_sent(*sent);
}

std::int64_t Anomalies::reject(std::int64_t id, const AnomalyDecision& decision) {
  gather_transactions(id);
  record_decisions(id, "reject", decision);
  std::int64_t rejected = 0;
  std::vector<Place> of_transactions;
  for (std::int64_t after = 0;;) {
    const std::vector<Delivery> page = held(id, after, page_held);
    for (const Delivery& delivery : page) {
      remember_rejected(delivery, id);
      if (delivery.bundle_id) of_transactions.push_back({delivery.id, delivery.pipeline_id, delivery.key});
    }
    if (!page.empty()) after = page.back().id;
    rejected += static_cast<std::int64_t>(page.size());
    if (page.size() < page_held) break;
  }
  connection_
      .prepare("UPDATE delivery INDEXED BY delivery_in_anomaly SET state = 'rejected', reason = ?2, updated_ms = ?3 "
               "WHERE anomaly_id = ?1 AND state = 'held'")
      .bind(1, id)
      .bind(2, decision.reason)
      .bind(3, decision.at_ms)
      .run();
  close(id, AnomalyState::rejected, decision);
  if (hold_behind(of_transactions, id)) reopen(id, decision.at_ms);
  return rejected;
}

std::int64_t Anomalies::close_healed(std::int64_t pipeline_id, std::int64_t now_ms) {
  std::vector<std::int64_t> empty;
  {
    Statement row = connection_.prepare(
        "SELECT a.id FROM anomaly AS a INDEXED BY anomaly_open WHERE a.pipeline_id = ?1 AND a.state = 'open' AND (a.stays_ms = 0 OR a.updated_ms + a.stays_ms <= ?2) AND NOT EXISTS "
        "(SELECT 1 FROM delivery AS d INDEXED BY delivery_in_anomaly WHERE d.anomaly_id = a.id AND d.anomaly_id IS NOT NULL "
        "AND d.state = 'held')");
    row.bind(1, pipeline_id).bind(2, now_ms);
    while (row.step()) empty.push_back(row.integer(0));
  }
  for (const std::int64_t id : empty) close(id, AnomalyState::healed, {"", "nothing is held any more", now_ms});
  return static_cast<std::int64_t>(empty.size());
}

}  // namespace engine::journal
