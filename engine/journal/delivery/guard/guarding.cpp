#include "engine/journal/delivery/guard/guarding.h"

#include <algorithm>

#include "engine/journal/connection.h"
#include "engine/journal/delivery/guard/effect_hours.h"

namespace engine::journal {

namespace {

/// Takes as much of `came` off `left` as there is.
void take(std::int64_t& left, std::int64_t& came) {
  const std::int64_t taken = std::min(left, came);
  left -= taken;
  came -= taken;
}

}  // namespace

EffectCounts& EffectCounts::operator+=(const EffectCounts& other) {
  inserts += other.inserts;
  updates += other.updates;
  deletes += other.deletes;
  return *this;
}

EffectCounts EffectCounts::operator-(const EffectCounts& other) const {
  return {inserts - other.inserts, updates - other.updates, deletes - other.deletes};
}

void Guarding::add(std::int64_t pipeline_id, std::int64_t at_ms, std::int64_t anomaly_id, const EffectCounts& counts,
                   std::int64_t window_ms) {
  connection_
      .prepare(
          "INSERT INTO effect_count (pipeline_id, slot_ms, anomaly_id, inserts, updates, deletes) VALUES (?, ?, ?, ?, ?, ?) "
          "ON CONFLICT DO UPDATE SET inserts = inserts + excluded.inserts, updates = updates + excluded.updates, "
          "deletes = deletes + excluded.deletes")
      .bind(1, pipeline_id)
      .bind(2, at_ms - at_ms % slot_ms)
      .bind(3, anomaly_id)
      .bind(4, counts.inserts)
      .bind(5, counts.updates)
      .bind(6, counts.deletes)
      .run();
  connection_.prepare("DELETE FROM effect_count WHERE pipeline_id = ?1 AND slot_ms < ?2")
      .bind(1, pipeline_id)
      .bind(2, at_ms - window_ms - slot_ms)
      .run();
}

std::vector<Guarding::Slot> Guarding::since(std::int64_t pipeline_id, std::int64_t since_ms) {
  Statement row = connection_.prepare(
      "SELECT slot_ms, inserts, updates, deletes FROM effect_count WHERE pipeline_id = ?1 AND slot_ms >= ?2 ORDER BY slot_ms");
  row.bind(1, pipeline_id).bind(2, since_ms);
  std::vector<Slot> slots;
  while (row.step()) slots.push_back({row.integer(0), {row.integer(1), row.integer(2), row.integer(3)}});
  return slots;
}

std::int64_t Guarding::live_records(std::int64_t pipeline_id, std::int64_t max) {
  Statement row = connection_.prepare(
      "SELECT count(*) FROM (SELECT 1 FROM last_sent INDEXED BY last_sent_by_match WHERE pipeline_id = ?1 AND live = 1 LIMIT ?2)");
  row.bind(1, pipeline_id).bind(2, max).step();
  return row.integer(0);
}

std::int64_t Guarding::records_planned(std::int64_t pipeline_id, std::int64_t since_ms) {
  // Ids grow with time, which no index has: from the newest back to the first that is too old, none older is touched.
  Statement row = connection_.prepare(
      "SELECT count(DISTINCT key) FROM delivery NOT INDEXED WHERE pipeline_id = ?1 AND effect = 'present' AND "
      "id > coalesce((SELECT id FROM delivery WHERE created_ms < ?2 ORDER BY id DESC LIMIT 1), 0)");
  row.bind(1, pipeline_id).bind(2, since_ms).step();
  return row.integer(0);
}

std::optional<UnitVerdict> Guarding::verdict(std::int64_t pipeline_id) {
  Statement row = connection_.prepare("SELECT first_seq, last_seq, anomaly_id FROM verdict WHERE pipeline_id = ?1");
  if (!row.bind(1, pipeline_id).step()) return std::nullopt;
  return UnitVerdict{row.integer(0), row.integer(1), row.optional_integer(2)};
}

void Guarding::put_verdict(std::int64_t pipeline_id, const UnitVerdict& verdict) {
  connection_.prepare("INSERT OR REPLACE INTO verdict (pipeline_id, first_seq, last_seq, anomaly_id) VALUES (?, ?, ?, ?)")
      .bind(1, pipeline_id)
      .bind(2, verdict.first_seq)
      .bind(3, verdict.last_seq)
      .bind(4, verdict.anomaly_id)
      .run();
}

std::int64_t Guarding::expect(const Expectation& expectation) {
  connection_
      .prepare(
          "INSERT INTO expectation (pipeline_id, inserts, updates, deletes, announced_inserts, announced_updates, announced_deletes, until_ms, "
          "actor, reason, made_ms) VALUES (?1, ?2, ?3, ?4, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
      .bind(1, expectation.pipeline_id)
      .bind(2, expectation.left.inserts)
      .bind(3, expectation.left.updates)
      .bind(4, expectation.left.deletes)
      .bind(5, expectation.until_ms)
      .bind(6, expectation.actor)
      .bind(7, expectation.reason)
      .bind(8, expectation.made_ms)
      .run();
  return connection_.last_row_id();
}

namespace {

std::vector<Expectation> expectations_of(Statement& row) {
  std::vector<Expectation> all;
  while (row.step()) {
    all.push_back({.id = row.integer(0),
                   .pipeline_id = row.integer(1),
                   .left = {row.integer(2), row.integer(3), row.integer(4)},
                   .until_ms = row.integer(5),
                   .actor = std::string(row.text(6)),
                   .reason = std::string(row.text(7)),
                   .made_ms = row.integer(8)});
  }
  return all;
}

}  // namespace

std::vector<Expectation> Guarding::expected(std::int64_t pipeline_id, std::int64_t now_ms) {
  Statement row = connection_.prepare(
      "SELECT id, pipeline_id, inserts, updates, deletes, until_ms, actor, reason, made_ms FROM expectation "
      "WHERE (?1 = 0 OR pipeline_id = ?1) AND until_ms > ?2 AND inserts + updates + deletes > 0 ORDER BY id");
  row.bind(1, pipeline_id).bind(2, now_ms);
  return expectations_of(row);
}

std::vector<Expectation> Guarding::announced(std::int64_t pipeline_id, std::int64_t since_ms) {
  Statement row = connection_.prepare(
      "SELECT id, pipeline_id, announced_inserts, announced_updates, announced_deletes, until_ms, actor, reason, made_ms FROM expectation "
      "WHERE pipeline_id = ?1 AND until_ms > ?2 ORDER BY id");
  row.bind(1, pipeline_id).bind(2, since_ms);
  return expectations_of(row);
}

void Guarding::use_expected(std::int64_t pipeline_id, const EffectCounts& came, std::int64_t now_ms) {
  EffectCounts rest = came;
  for (Expectation& each : expected(pipeline_id, now_ms)) {
    take(each.left.inserts, rest.inserts);
    take(each.left.updates, rest.updates);
    take(each.left.deletes, rest.deletes);
    connection_.prepare("UPDATE expectation SET inserts = ?2, updates = ?3, deletes = ?4 WHERE id = ?1")
        .bind(1, each.id)
        .bind(2, each.left.inserts)
        .bind(3, each.left.updates)
        .bind(4, each.left.deletes)
        .run();
  }
  connection_.prepare("DELETE FROM expectation WHERE until_ms <= ?1").bind(1, now_ms - EffectHours::kept_ms).run();
}

}  // namespace engine::journal
