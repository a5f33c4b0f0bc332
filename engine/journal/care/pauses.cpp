#include "engine/journal/care/pauses.h"

#include <array>

#include "engine/journal/connection.h"

namespace engine::journal {
namespace {

constexpr std::array<std::string_view, 4> kinds{"instance", "connection", "table", "pipeline"};

}  // namespace

std::string_view name_of(PauseKind kind) { return kinds[static_cast<std::size_t>(kind)]; }

std::vector<Pause> Pauses::all() {
  Statement row = connection_.prepare("SELECT kind, name, actor, reason, since_ms FROM pause ORDER BY kind, name");
  std::vector<Pause> pauses;
  while (row.step()) {
    pauses.push_back({.kind = static_cast<PauseKind>(place_of(row.text(0), kinds, "a pause's kind")),
                      .name = std::string(row.text(1)),
                      .actor = std::string(row.text(2)),
                      .reason = std::string(row.text(3)),
                      .since_ms = row.integer(4)});
  }
  return pauses;
}

bool Pauses::put(const Pause& pause) {
  connection_
      .prepare(
          "INSERT INTO pause (kind, name, actor, reason, since_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .bind(1, name_of(pause.kind))
      .bind(2, pause.name)
      .bind(3, pause.actor)
      .bind(4, pause.reason)
      .bind(5, pause.since_ms)
      .run();
  const bool is_new = connection_.changes() > 0;
  hold_covered(pause.since_ms);
  return is_new;
}

bool Pauses::remove(PauseKind kind, const std::string& name, std::int64_t now_ms) {
  connection_.prepare("DELETE FROM pause WHERE kind = ? AND name = ?").bind(1, name_of(kind)).bind(2, name).run();
  const bool was_there = connection_.changes() > 0;
  release_uncovered(now_ms);
  return was_there;
}

bool Pauses::covers(const std::string& pipeline, const std::string& connection) {
  Statement row = connection_.prepare(
      "SELECT 1 FROM pause WHERE kind = 'instance' OR (kind = 'pipeline' AND name = ?) OR (kind = 'connection' AND name = ?) LIMIT 1");
  row.bind(1, pipeline).bind(2, connection);
  return row.step();
}

std::vector<std::int64_t> Pauses::pipelines(bool covered) {
  Statement row = connection_.prepare(
      "SELECT id FROM pipeline AS p WHERE EXISTS (SELECT 1 FROM pause WHERE kind = 'instance' OR (kind = 'pipeline' AND name = p.name)) = ?");
  std::vector<std::int64_t> ids;
  for (row.bind(1, std::int64_t{covered}); row.step();) ids.push_back(row.integer(0));
  return ids;
}

// Asked for with each page that is planned, and nearly always nothing is paused.
std::int64_t Pauses::hold_covered(std::int64_t now_ms) {
  const std::vector<Pause> pauses = all();
  if (pauses.empty()) return 0;
  std::int64_t held = 0;
  for (const std::int64_t pipeline_id : pipelines(true)) {
    connection_
        .prepare(
            "UPDATE delivery INDEXED BY delivery_open_key SET state = 'held', reason = 'paused', updated_ms = ?2 "
            "WHERE pipeline_id = ?1 AND state = 'pending'")
        .bind(1, pipeline_id)
        .bind(2, now_ms)
        .run();
    held += connection_.changes();
  }
  for (const Pause& pause : pauses) {
    if (pause.kind != PauseKind::connection) continue;
    connection_
        .prepare("UPDATE delivery INDEXED BY delivery_due SET state = 'held', reason = 'paused', updated_ms = ?2 WHERE connection = ?1 AND state = 'pending'")
        .bind(1, pause.name)
        .bind(2, now_ms)
        .run();
    held += connection_.changes();
  }
  return held;
}

std::int64_t Pauses::release_uncovered(std::int64_t now_ms) {
  std::int64_t released = 0;
  for (const std::int64_t pipeline_id : pipelines(false)) {
    connection_
        .prepare(
            "UPDATE delivery INDEXED BY delivery_open_key SET state = 'pending', reason = '', updated_ms = ?2 WHERE pipeline_id = ?1 AND state = 'held' "
            "AND reason = 'paused' AND connection NOT IN (SELECT name FROM pause WHERE kind = 'connection')")
        .bind(1, pipeline_id)
        .bind(2, now_ms)
        .run();
    released += connection_.changes();
  }
  return released;
}

}  // namespace engine::journal
