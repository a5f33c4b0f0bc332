#include "engine/journal/delivery/moves.h"

#include <sqlite3.h>

#include <initializer_list>
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

std::string Moves::origin(std::int64_t pipeline_id, const std::string& key) {
  std::string origin = key;
  while (auto before = from(pipeline_id, origin)) origin = std::move(*before);
  return origin;
}

std::string Moves::now(std::int64_t pipeline_id, const std::string& key) {
  std::string now = key;
  while (may_be_any()) {
    Statement row = connection_.prepare("SELECT key FROM record_move INDEXED BY record_move_by_origin WHERE pipeline_id = ? AND from_key = ?");
    if (!row.bind(1, pipeline_id).bind(2, now).step()) break;
    now = row.text(0);
  }
  return now;
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
  const auto rekey = [&](std::initializer_list<const char*> statements) {
    for (const char* sql : statements) connection_.prepare(sql).bind(1, pipeline_id).bind(2, from_key).bind(3, to_key).run();
  };
  constexpr const char* dead = "UPDATE delivery INDEXED BY delivery_dead SET key = ?3 WHERE pipeline_id = ?1 AND key = ?2 AND state = 'dead'";
  const bool is_bound = (live && sent->match == "{}") || has_open_without_match(connection_, pipeline_id, from_key);
  if (is_bound || (!live && !under_way)) {
    // The record is made anew: what was not wanted of it, nobody wants under the new key. That it should not go is said of the old one.
    rekey({"UPDATE OR REPLACE rejection SET key = ?3 WHERE pipeline_id = ?1 AND key = ?2 AND effect = 'present'"});
    if (!is_bound) rekey({dead});
    return false;
  }
  rekey({dead, "UPDATE OR REPLACE rejection SET key = ?3 WHERE pipeline_id = ?1 AND key = ?2",
         "UPDATE OR REPLACE look_up SET key = ?3 WHERE pipeline_id = ?1 AND key = ?2",
         "UPDATE OR REPLACE look_up SET parent_key = ?3 WHERE parent_id = ?1 AND parent_key = ?2"});
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

bool Deliveries::is_behind_move(const LastSent& sent, const std::string& origin) {
  return moves_.origin(sent.pipeline_id, sent.key) == origin && has_open(connection_, sent.pipeline_id, origin);
}

/// What died late is a letter of the row as it is now, which the next that is delivered of it supersedes.
void Deliveries::follow_move(const Delivery& dead) {
  if (dead.every_change) return;
  const std::string now = moves_.now(dead.pipeline_id, dead.key);
  if (now != dead.key) connection_.prepare("UPDATE delivery SET key = ?2 WHERE id = ?1").bind(1, dead.id).bind(2, now).run();
}

/// As it is for a delivery: one that is older than the row's move knows nothing of it.
std::optional<LastSent> Deliveries::last_sent_before(std::int64_t delivery_id, std::int64_t pipeline_id, const std::string& key) {
  if (const auto left = moves_.left_at(pipeline_id, key); left && delivery_id > *left) return std::nullopt;
  const std::string origin = moves_.origin(pipeline_id, key);
  auto sent = stored_last_sent(pipeline_id, origin);
  if (!sent || origin == key) return sent;
  sent->kept_under = std::exchange(sent->key, key);
  return sent;
}

}  // namespace engine::journal
