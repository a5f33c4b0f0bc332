#include "engine/journal/delivery/echoes.h"

#include "engine/journal/connection.h"

namespace engine::journal {

std::optional<Echoes::Position> Echoes::position(std::int64_t table_id) {
  Statement row = connection_.prepare("SELECT seq, delivery_id FROM echo_position WHERE table_id = ?");
  if (!row.bind(1, table_id).step()) return std::nullopt;
  return Position{row.integer(0), row.integer(1)};
}

void Echoes::set_position(std::int64_t table_id, const Position& position) {
  connection_.prepare("INSERT OR REPLACE INTO echo_position (table_id, seq, delivery_id) VALUES (?, ?, ?)")
      .bind(1, table_id)
      .bind(2, position.seq)
      .bind(3, position.delivery_id)
      .run();
}

void Echoes::add(std::int64_t seq, std::int64_t delivery_id) {
  connection_.prepare("INSERT OR REPLACE INTO echo (seq, delivery_id) VALUES (?, ?)").bind(1, seq).bind(2, delivery_id).run();
}

std::optional<std::int64_t> Echoes::delivery_of(std::int64_t seq) {
  Statement row = connection_.prepare("SELECT delivery_id FROM echo WHERE seq = ?");
  if (!row.bind(1, seq).step()) return std::nullopt;
  return row.integer(0);
}

std::set<std::int64_t> Echoes::deliveries_after(std::int64_t after_id) {
  Statement row = connection_.prepare("SELECT delivery_id FROM echo WHERE delivery_id > ?");
  row.bind(1, after_id);
  std::set<std::int64_t> ids;
  while (row.step()) ids.insert(row.integer(0));
  return ids;
}

std::pair<std::vector<Echoes::Planned>, std::int64_t> Echoes::planned_after(const std::set<std::int64_t>& pipelines, std::int64_t after_id,
                                                                            std::size_t limit) {
  Statement row = connection_.prepare(
      "SELECT id, pipeline_id, created_ms, effect, match, fields FROM delivery WHERE id > ? ORDER BY id LIMIT ?");
  row.bind(1, after_id).bind(2, static_cast<std::int64_t>(limit));
  std::vector<Planned> planned;
  while (row.step()) {
    after_id = row.integer(0);
    if (!pipelines.contains(row.integer(1))) continue;
    Planned one{.id = after_id, .created_ms = row.integer(2), .present = row.text(3) == "present", .match = std::string(row.text(4))};
    if (!row.is_null(5)) one.fields = std::string(row.text(5));
    planned.push_back(std::move(one));
  }
  return {std::move(planned), after_id};
}

}  // namespace engine::journal
