#include "engine/journal/delivery/guard/effect_hours.h"

#include "engine/journal/connection.h"

namespace engine::journal {

namespace {

std::int64_t hour_of(std::int64_t at_ms) { return at_ms - at_ms % hour_ms; }

EffectCounts counts_from(const Statement& row, int first) { return {row.integer(first), row.integer(first + 1), row.integer(first + 2)}; }

}  // namespace

std::optional<std::int64_t> EffectHours::since(std::int64_t pipeline_id) {
  Statement row = connection_.prepare("SELECT since_ms FROM rhythm WHERE pipeline_id = ?1");
  if (!row.bind(1, pipeline_id).step()) return std::nullopt;
  return row.integer(0);
}

void EffectHours::begin(std::int64_t pipeline_id, std::int64_t now_ms) {
  connection_.prepare("INSERT OR IGNORE INTO rhythm (pipeline_id, since_ms) VALUES (?1, ?2)").bind(1, pipeline_id).bind(2, now_ms).run();
}

void EffectHours::forget(std::int64_t pipeline_id) {
  connection_.prepare("DELETE FROM rhythm WHERE pipeline_id = ?1").bind(1, pipeline_id).run();
  connection_.prepare("DELETE FROM effect_hour WHERE pipeline_id = ?1").bind(1, pipeline_id).run();
}

void EffectHours::add(std::int64_t pipeline_id, std::int64_t at_ms, std::int64_t anomaly_id, const EffectCounts& counts,
                      const EffectCounts& largest) {
  connection_
      .prepare(
          "INSERT INTO effect_hour (pipeline_id, hour_ms, anomaly_id, inserts, updates, deletes, most_inserts, most_updates, most_deletes) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET inserts = inserts + excluded.inserts, "
          "updates = updates + excluded.updates, deletes = deletes + excluded.deletes, most_inserts = max(most_inserts, excluded.most_inserts), "
          "most_updates = max(most_updates, excluded.most_updates), most_deletes = max(most_deletes, excluded.most_deletes)")
      .bind(1, pipeline_id)
      .bind(2, hour_of(at_ms))
      .bind(3, anomaly_id)
      .bind(4, counts.inserts)
      .bind(5, counts.updates)
      .bind(6, counts.deletes)
      .bind(7, largest.inserts)
      .bind(8, largest.updates)
      .bind(9, largest.deletes)
      .run();
}

std::vector<EffectHour> EffectHours::learnt(std::int64_t pipeline_id) {
  Statement row = connection_.prepare(
      "SELECT hour_ms, sum(inserts), sum(updates), sum(deletes), max(most_inserts), max(most_updates), max(most_deletes) FROM effect_hour "
      "WHERE pipeline_id = ?1 AND anomaly_id <= 0 GROUP BY hour_ms ORDER BY hour_ms");
  row.bind(1, pipeline_id);
  std::vector<EffectHour> hours;
  while (row.step()) hours.push_back({row.integer(0), counts_from(row, 1), counts_from(row, 4)});
  return hours;
}

std::vector<EffectHours::Lesson> EffectHours::lessons(std::int64_t pipeline_id) {
  Statement row = connection_.prepare(
      "SELECT hour_ms, inserts, updates, deletes, most_inserts, most_updates, most_deletes, coalesce((SELECT closed_ms FROM anomaly WHERE id = -anomaly_id), 0) "
      "FROM effect_hour WHERE pipeline_id = ?1 AND anomaly_id <= 0 ORDER BY hour_ms, anomaly_id DESC");
  row.bind(1, pipeline_id);
  std::vector<Lesson> lessons;
  while (row.step()) lessons.push_back({{row.integer(0), counts_from(row, 1), counts_from(row, 4)}, row.integer(7)});
  return lessons;
}

EffectCounts EffectHours::in_hour(std::int64_t pipeline_id, std::int64_t at_ms) {
  Statement row = connection_.prepare("SELECT inserts, updates, deletes FROM effect_hour WHERE pipeline_id = ?1 AND hour_ms = ?2 AND anomaly_id >= 0");
  row.bind(1, pipeline_id).bind(2, hour_of(at_ms));
  EffectCounts sum;
  while (row.step()) sum += counts_from(row, 0);
  return sum;
}

// The oldest hour that is still compared has a neighbour before it.
void EffectHours::sweep(std::int64_t pipeline_id, std::int64_t now_ms) {
  connection_.prepare("DELETE FROM effect_hour WHERE pipeline_id = ?1 AND hour_ms < ?2").bind(1, pipeline_id).bind(2, now_ms - kept_ms - 2 * hour_ms).run();
}

// A negative number is what was released: one that is held and released again in the same hour takes its place.
void EffectHours::decided(std::int64_t pipeline_id, std::int64_t anomaly_id, bool released) {
  const char* const sql = released ? "UPDATE OR REPLACE effect_hour SET anomaly_id = -anomaly_id WHERE pipeline_id = ?1 AND anomaly_id = ?2"
                                   : "DELETE FROM effect_hour WHERE pipeline_id = ?1 AND anomaly_id = ?2";
  connection_.prepare(sql).bind(1, pipeline_id).bind(2, anomaly_id).run();
}

}  // namespace engine::journal
