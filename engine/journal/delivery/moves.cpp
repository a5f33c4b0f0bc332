#include "engine/journal/delivery/moves.h"

#include <sqlite3.h>

#include <utility>

#include "engine/journal/connection.h"
#include "engine/journal/deliveries.h"
#include "engine/journal/delivery/delivery_row.h"

namespace engine::journal {

namespace {

bool has_open(Connection& connection, std::int64_t pipeline_id, const std::string& key) {
  Statement row = connection.prepare("SELECT 1 FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? AND d.key = ? AND " DELIVERY_IS_OPEN(
      "d") " LIMIT 1");
  return row.bind(1, pipeline_id).bind(2, key).step();
}

/// Without a match value a record is known by its key alone, which is another one now.
bool has_open_without_match(Connection& connection, std::int64_t pipeline_id, const std::string& key) {
  Statement row = connection.prepare(
      "SELECT 1 FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? AND d.key = ? AND d.match = '{}' AND " DELIVERY_IS_OPEN("d") " LIMIT 1");
  return row.bind(1, pipeline_id).bind(2, key).step();
}

}  // namespace

bool Moves::any() {
  Statement row = connection_.prepare("SELECT EXISTS (SELECT 1 FROM record_move)");
  row.step();
  return row.integer(0) != 0;
}

// Written by one connection alone: work that is undone leaves `any_` set for nothing, never unset.
bool Moves::may_be_any() {
  if (sqlite3_db_readonly(connection_.handle(), "main") != 0) return true;
  if (!any_) any_ = any();
  return *any_;
}

std::optional<std::string> Moves::from(std::int64_t pipeline_id, const std::string& key) {
  if (!may_be_any()) return std::nullopt;
  Statement row = connection_.prepare("SELECT from_key FROM record_move WHERE pipeline_id = ? AND key = ?");
  if (!row.bind(1, pipeline_id).bind(2, key).step()) return std::nullopt;
  return std::string(row.text(0));
}

std::optional<std::int64_t> Moves::left_at(std::int64_t pipeline_id, const std::string& key) {
  if (!may_be_any()) return std::nullopt;
  Statement row = connection_.prepare("SELECT last_delivery_id FROM record_move INDEXED BY record_move_by_origin WHERE pipeline_id = ? AND from_key = ?");
  if (!row.bind(1, pipeline_id).bind(2, key).step()) return std::nullopt;
  return row.integer(0);
}

void Moves::put(std::int64_t pipeline_id, const std::string& from_key, const std::string& to_key, std::int64_t last_delivery_id) {
  connection_.prepare("INSERT INTO record_move (pipeline_id, key, from_key, last_delivery_id) VALUES (?, ?, ?, ?)")
      .bind(1, pipeline_id)
      .bind(2, to_key)
      .bind(3, from_key)
      .bind(4, last_delivery_id)
      .run();
  any_ = true;
}

void Moves::arrive(std::int64_t pipeline_id, const std::string& key) {
  connection_.prepare("DELETE FROM record_move WHERE pipeline_id = ? AND key = ?").bind(1, pipeline_id).bind(2, key).run();
}

void Moves::take_back(std::int64_t pipeline_id, const std::string& from_key) {
  if (!left_at(pipeline_id, from_key)) return;
  connection_.prepare("DELETE FROM record_move WHERE pipeline_id = ? AND from_key = ?").bind(1, pipeline_id).bind(2, from_key).run();
}

bool Deliveries::move_record(std::int64_t pipeline_id, const std::string& from_key, const std::string& to_key) {
  if (is_moved_away(pipeline_id, from_key) || is_moved_away(pipeline_id, to_key)) return false;
  const auto others = last_sent(pipeline_id, to_key);
  if ((others && others->live) || has_open(connection_, pipeline_id, to_key)) return false;
  const auto sent = last_sent(pipeline_id, from_key);
  const bool live = sent && sent->live;
  const bool under_way = has_open(connection_, pipeline_id, from_key);
  if (live ? sent->match == "{}" : !under_way) return false;
  if (has_open_without_match(connection_, pipeline_id, from_key)) return false;
  for (const char* sql : {"UPDATE delivery INDEXED BY delivery_dead SET key = ?3 WHERE pipeline_id = ?1 AND key = ?2 AND state = 'dead'",
                          "UPDATE OR REPLACE rejection SET key = ?3 WHERE pipeline_id = ?1 AND key = ?2",
                          "UPDATE OR REPLACE look_up SET key = ?3 WHERE pipeline_id = ?1 AND key = ?2",
                          "UPDATE OR REPLACE look_up SET parent_key = ?3 WHERE parent_id = ?1 AND parent_key = ?2"}) {
    connection_.prepare(sql).bind(1, pipeline_id).bind(2, from_key).bind(3, to_key).run();
  }
  if (under_way || !sent->kept_under.empty()) {
    moves_.put(pipeline_id, from_key, to_key, last_id());
  } else {
    connection_.prepare("UPDATE OR REPLACE last_sent SET key = ?3 WHERE pipeline_id = ?1 AND key = ?2").bind(1, pipeline_id).bind(2, from_key).bind(3, to_key).run();
  }
  return true;
}

/// What was planned for the key that the row had, and has not ended: it comes first.
std::vector<Delivery> Deliveries::open_before_move(std::int64_t pipeline_id, const std::string& key) {
  const auto from = moves_.from(pipeline_id, key);
  if (!from) return {};
  Statement statement = connection_.prepare("SELECT " DELIVERY_COLUMNS
                                            " FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? AND d.key = ? AND " DELIVERY_IS_OPEN(
                                                "d") " ORDER BY d.id");
  statement.bind(1, pipeline_id).bind(2, *from);
  return deliveries_of(statement);
}

bool Deliveries::is_behind_move(const LastSent& sent) {
  return moves_.from(sent.pipeline_id, sent.key) == sent.kept_under && has_open(connection_, sent.pipeline_id, sent.kept_under);
}

/// As it is for a delivery: one that is older than the row's move knows nothing of it.
std::optional<LastSent> Deliveries::last_sent_before(std::int64_t delivery_id, std::int64_t pipeline_id, const std::string& key) {
  if (const auto left = moves_.left_at(pipeline_id, key); left && delivery_id > *left) return std::nullopt;
  std::string kept_under = key;
  while (auto from = moves_.from(pipeline_id, kept_under)) kept_under = std::move(*from);
  auto sent = stored_last_sent(pipeline_id, kept_under);
  if (!sent || kept_under == key) return sent;
  sent->kept_under = std::exchange(sent->key, key);
  return sent;
}

}  // namespace engine::journal
