// Attempts, what was last sent, the ids that records have at their targets, and what was used of budgets.
#include <limits>

#include "engine/journal/connection.h"
#include "engine/journal/deliveries.h"
#include "engine/journal/delivery/delivery_row.h"
#include "engine/model/reference.h"

namespace engine::journal {

std::int64_t Deliveries::start_attempt(const Attempt& attempt) {
  Statement statement = connection_.prepare(
      "INSERT INTO attempt (delivery_id, step, number, started_ms, ended_ms, request, outcome, status, reason, answer) "
      "VALUES (?1, ?2, CASE WHEN ?3 > 0 THEN ?3 ELSE 1 + (SELECT count(*) FROM attempt WHERE delivery_id = ?1) END, "
      "?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  statement.bind(1, attempt.delivery_id).bind(2, attempt.step).bind(3, std::int64_t{attempt.number});
  statement.bind(4, attempt.started_ms).bind(5, attempt.ended_ms).bind(6, attempt.request).bind(7, attempt.outcome);
  const auto status = attempt.status ? std::optional<std::int64_t>(*attempt.status) : std::nullopt;
  statement.bind(8, status).bind(9, attempt.reason).bind(10, attempt.answer).run();
  return connection_.last_row_id();
}

void Deliveries::end_attempt(const Attempt& attempt) {
  Statement statement = connection_.prepare(
      "UPDATE attempt SET ended_ms = ?2, outcome = ?3, status = ?4, reason = ?5, answer = ?6 WHERE id = ?1");
  const auto status = attempt.status ? std::optional<std::int64_t>(*attempt.status) : std::nullopt;
  statement.bind(1, attempt.id).bind(2, attempt.ended_ms).bind(3, attempt.outcome).bind(4, status);
  statement.bind(5, attempt.reason).bind(6, attempt.answer).run();
}

void Deliveries::end_open_attempts(std::int64_t delivery_id, const std::string& reason, std::int64_t now_ms) {
  Statement statement = connection_.prepare(
      "UPDATE attempt SET ended_ms = ?3, outcome = 'uncertain', reason = ?2 WHERE delivery_id = ?1 AND ended_ms IS "
      "NULL");
  statement.bind(1, delivery_id).bind(2, reason).bind(3, now_ms).run();
}

std::vector<Attempt> Deliveries::attempts(std::int64_t delivery_id) {
  Statement statement = connection_.prepare(
      "SELECT id, step, number, started_ms, ended_ms, request, outcome, status, reason, answer FROM attempt "
      "WHERE delivery_id = ? ORDER BY id");
  statement.bind(1, delivery_id);
  std::vector<Attempt> all;
  while (statement.step()) {
    Attempt attempt;
    attempt.id = statement.integer(0);
    attempt.delivery_id = delivery_id;
    attempt.step = statement.text(1);
    attempt.number = static_cast<int>(statement.integer(2));
    attempt.started_ms = statement.integer(3);
    attempt.ended_ms = statement.optional_integer(4);
    attempt.request = statement.text(5);
    attempt.outcome = statement.optional_text(6);
    if (!statement.is_null(7)) attempt.status = static_cast<int>(statement.integer(7));
    attempt.reason = statement.optional_text(8);
    attempt.answer = statement.optional_text(9);
    all.push_back(std::move(attempt));
  }
  return all;
}

std::vector<Deliveries::SentState> Deliveries::sent_states(std::int64_t pipeline_id, const std::string& key, std::int64_t since_ms, std::size_t looked_at) {
  Statement row = connection_.prepare(
      "SELECT d.updated_ms, d.effect, d.match, d.fields, EXISTS (SELECT 1 FROM decision WHERE delivery_id = d.id AND decision = 'release') "
      "FROM (SELECT id, updated_ms, effect, match, fields, state FROM delivery INDEXED BY delivery_by_key WHERE pipeline_id = ?1 AND key = ?2 "
      "ORDER BY id DESC LIMIT ?3) AS d WHERE d.state IN ('delivered', 'in_flight', 'uncertain')");
  row.bind(1, pipeline_id).bind(2, key).bind(3, static_cast<std::int64_t>(looked_at));
  std::vector<SentState> all;
  while ((all.empty() || all.back().sent_ms >= since_ms) && row.step()) {
    all.push_back({row.integer(0), row.text(1) == "present", std::string(row.text(2)), row.optional_text(3).value_or(""), row.integer(4) != 0});
  }
  return all;
}

bool Deliveries::is_as_sent(const Delivery& delivery, const std::optional<LastSent>& sent) {
  const bool live = sent && sent->live;
  if (!delivery.present || !live) return !delivery.present && !live;
  const bool same_place = sent->connection == delivery.connection && sent->object == delivery.object && sent->match == delivery.match;
  if (!same_place || !sent->fields || !delivery.fields) return false;
  if (*sent->fields == *delivery.fields) return true;
  return model::may_hold_references(*delivery.fields) &&
         with_sent_ids(delivery.pipeline_id, delivery.key, *delivery.fields) == *sent->fields;
}

std::optional<LastSent> Deliveries::last_sent(std::int64_t pipeline_id, const std::string& key) {
  return last_sent_before(std::numeric_limits<std::int64_t>::max(), pipeline_id, key);
}

std::optional<LastSent> Deliveries::stored_last_sent(std::int64_t pipeline_id, const std::string& key) {
  Statement statement = connection_.prepare(
      "SELECT connection, object, match, fields, live, mapping, sent_ms FROM last_sent WHERE pipeline_id = ? AND key = "
      "?");
  statement.bind(1, pipeline_id).bind(2, key);
  if (!statement.step()) return std::nullopt;
  return last_sent_of(statement, 0, pipeline_id, key);
}

void Deliveries::put_last_sent(const LastSent& sent) {
  // What is still under way for the key that the row had will be stored there: until it ended, the record is.
  const std::string kept_under = sent.kept_under.empty() ? moves_.origin(sent.pipeline_id, sent.key) : sent.kept_under;
  const bool has_moved = kept_under != sent.key;
  const bool stays = has_moved && is_behind_move(sent, kept_under);
  Statement statement = connection_.prepare(
      "INSERT INTO last_sent (pipeline_id, key, connection, object, match, fields, live, mapping, sent_ms) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET connection = excluded.connection, "
      "object = excluded.object, match = excluded.match, fields = excluded.fields, live = excluded.live, "
      "mapping = excluded.mapping, sent_ms = excluded.sent_ms");
  statement.bind(1, sent.pipeline_id).bind(2, stays ? kept_under : sent.key).bind(3, sent.connection).bind(4, sent.object);
  statement.bind(5, sent.match).bind(6, sent.fields).bind(7, std::int64_t{sent.live}).bind(8, sent.mapping);
  statement.bind(9, sent.sent_ms).run();
  if (!has_moved || stays) return;
  connection_.prepare("DELETE FROM last_sent WHERE pipeline_id = ? AND key = ?").bind(1, sent.pipeline_id).bind(2, kept_under).run();
  moves_.arrive(sent.pipeline_id, sent.key);
}

std::optional<std::string> Deliveries::remote_id(const std::string& connection, const std::string& object,
                                                 const std::string& match) {
  Statement statement =
      connection_.prepare("SELECT remote_id FROM remote_id WHERE connection = ? AND object = ? AND match = ?");
  statement.bind(1, connection).bind(2, object).bind(3, match);
  if (!statement.step()) return std::nullopt;
  return std::string(statement.text(0));
}

void Deliveries::put_remote_id(const std::string& connection, const std::string& object, const std::string& match,
                               const std::string& remote_id, std::int64_t now_ms) {
  Statement statement = connection_.prepare(
      "INSERT INTO remote_id (connection, object, match, remote_id, found_ms) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET remote_id = excluded.remote_id, found_ms = excluded.found_ms");
  statement.bind(1, connection).bind(2, object).bind(3, match).bind(4, remote_id).bind(5, now_ms).run();
}

std::optional<std::string> Deliveries::budget_use(const std::string& connection) {
  Statement statement = connection_.prepare("SELECT use FROM budget_use WHERE connection = ?");
  statement.bind(1, connection);
  if (!statement.step()) return std::nullopt;
  return std::string(statement.text(0));
}

void Deliveries::put_budget_use(const std::string& connection, const std::string& use, std::int64_t now_ms) {
  Statement statement = connection_.prepare(
      "INSERT INTO budget_use (connection, use, noted_ms) VALUES (?, ?, ?) "
      "ON CONFLICT DO UPDATE SET use = excluded.use, noted_ms = excluded.noted_ms");
  statement.bind(1, connection).bind(2, use).bind(3, now_ms).run();
}

std::vector<Deliveries::Sent> Deliveries::sent_since(const std::string& connection, std::int64_t since_ms) {
  // Ids grow with time, which no index has: from the newest back to the first that is too old, none older is touched.
  Statement statement = connection_.prepare(
      "SELECT a.step, d.object, d.match, d.fields, coalesce(a.ended_ms, a.started_ms) "
      "FROM attempt a CROSS JOIN delivery d ON d.id = a.delivery_id WHERE d.connection = ?1 AND d.fields IS NOT NULL AND "
      "a.id > coalesce((SELECT id FROM attempt WHERE started_ms < ?2 ORDER BY id DESC LIMIT 1), 0)");
  statement.bind(1, connection).bind(2, since_ms);
  std::vector<Sent> all;
  while (statement.step()) {
    all.push_back({.step = std::string(statement.text(0)), .object = std::string(statement.text(1)),
                   .match = std::string(statement.text(2)), .fields = std::string(statement.text(3)),
                   .at_ms = statement.integer(4)});
  }
  return all;
}

void Deliveries::forget_remote_id(const std::string& connection, const std::string& object, const std::string& match) {
  Statement statement = connection_.prepare("DELETE FROM remote_id WHERE connection = ? AND object = ? AND match = ?");
  statement.bind(1, connection).bind(2, object).bind(3, match).run();
}

}  // namespace engine::journal
