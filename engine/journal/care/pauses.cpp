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
  return connection_.changes() > 0;
}

bool Pauses::remove(PauseKind kind, const std::string& name) {
  connection_.prepare("DELETE FROM pause WHERE kind = ? AND name = ?").bind(1, name_of(kind)).bind(2, name).run();
  return connection_.changes() > 0;
}

bool Pauses::covers(const std::string& pipeline, const std::string& connection) {
  Statement row = connection_.prepare(
      "SELECT 1 FROM pause WHERE kind = 'instance' OR (kind = 'pipeline' AND name = ?) OR (kind = 'connection' AND name = ?) LIMIT 1");
  row.bind(1, pipeline).bind(2, connection);
  return row.step();
}

std::int64_t Pauses::hold(std::int64_t pipeline_id, std::int64_t now_ms) {
  connection_
      .prepare(
          "UPDATE delivery INDEXED BY delivery_open_key SET state = 'held', reason = 'paused', updated_ms = ?2 "
          "WHERE pipeline_id = ?1 AND state = 'pending'")
      .bind(1, pipeline_id)
      .bind(2, now_ms)
      .run();
  return connection_.changes();
}

std::int64_t Pauses::release(std::int64_t pipeline_id, std::int64_t now_ms) {
  connection_
      .prepare(
          "UPDATE delivery INDEXED BY delivery_open_key SET state = 'pending', reason = '', updated_ms = ?2 "
          "WHERE pipeline_id = ?1 AND state = 'held' AND reason = 'paused'")
      .bind(1, pipeline_id)
      .bind(2, now_ms)
      .run();
  return connection_.changes();
}

}  // namespace engine::journal
