#include "engine/journal/deliveries.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/journal/connection.h"
#include "engine/journal/delivery/delivery_row.h"
#include "engine/journal/delivery/guard/holding.h"
#include "engine/journal/delivery/waits.h"

namespace engine::journal {

namespace {

// What changes while a delivery is worked on; bound by `bind_progress`.
#define DELIVERY_PROGRESS                                                                                         \
  "UPDATE delivery SET state = ?2, reason = ?3, step = ?4, operation = ?5, frozen = ?6, idempotency_key = ?7, " \
  "tries = ?8, looks = ?9, not_before_ms = ?10, superseded_by = ?11, updated_ms = ?12, look_ups = ?13, anomaly_id = ?14, " \
  "waits = ?15, drift = ?16, settle_by_ms = NULL WHERE id = ?1"

constexpr std::array<std::string_view, 13> state_names{"pending",  "held",       "in_flight",  "uncertain", "delivered",
                                                       "skipped",  "superseded", "suppressed", "dropped",   "expired",
                                                       "rejected", "dead",       "healed"};

struct Older {
  std::int64_t id = 0;
  std::int64_t first_seq = 0;
  std::optional<std::int64_t> settle_by_ms;
  std::optional<std::string> waits;
};

/// Does a delivery of another key wait until this one has made its record leave the lane?
bool is_awaited(Connection& connection, const Delivery& leaving, const std::string& match) {
  Statement statement = connection.prepare(
      "SELECT 1 FROM delivery AS d INDEXED BY delivery_open_lane WHERE d.connection = ? AND d.object = ? AND d.match = "
      "? "
      "AND d.id > ? AND NOT (d.pipeline_id = ? AND d.key = ?) AND " DELIVERY_IS_OPEN("d") " LIMIT 1");
  statement.bind(1, leaving.connection).bind(2, leaving.object).bind(3, match).bind(4, leaving.id);
  statement.bind(5, leaving.pipeline_id).bind(6, leaving.key);
  return statement.step();
}

/// A newer delivery comes later in every lane. So one that frees a lane for somebody keeps its place: else two records
/// that pass a match value on would meet at it.
bool must_keep_its_place(Connection& connection, const Delivery& older) {
  if (older.also_match && is_awaited(connection, older, *older.also_match)) return true;
  return !older.present && older.match != "{}" && is_awaited(connection, older, older.match);
}

/// Open ones of a key that a newer delivery replaces. A frozen request may have been applied, and a step means that the
/// record was written already: those stay and are waited for.
std::vector<Older> replaceable(Connection& connection, const std::vector<Delivery>& open, const Delivery& newer) {
  std::vector<Older> all;
  for (const Delivery& older : open) {
    const bool waits = older.state == DeliveryState::pending || older.state == DeliveryState::held;
    if (!waits || older.frozen || !older.step.empty() || older.every_change) continue;
    // Its transaction would lack it.
    if (older.bundle_id && older.bundle_id != newer.bundle_id) continue;
    if (!must_keep_its_place(connection, older)) all.push_back({older.id, older.first_seq, older.settle_by_ms, older.waits});
  }
  return all;
}

std::vector<Delivery> open_of_key(Connection& connection, const Delivery& newer) {
  Statement statement = connection.prepare("SELECT " DELIVERY_COLUMNS
                                           " FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? "
                                           "AND d.key = ? AND " DELIVERY_IS_OPEN("d") " ORDER BY d.id");
  statement.bind(1, newer.pipeline_id).bind(2, newer.key);
  return deliveries_of(statement);
}

/// None of them waited, nearly always.
std::optional<std::string> waits_of(const Delivery& newer, const std::vector<Older>& replaced) {
  const bool any = std::any_of(replaced.begin(), replaced.end(), [](const Older& older) { return older.waits.has_value(); });
  if (!any) return newer.waits;
  Waits waits(newer.waits);
  for (const Older& older : replaced) waits.take_over(Waits(older.waits));
  return waits.json();
}

/// A message key may have many open ones: only the newest tells where the record will be.
std::vector<Delivery> newest_of_key(Connection& connection, const Delivery& newer) {
  Statement statement = connection.prepare("SELECT " DELIVERY_COLUMNS
                                           " FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? "
                                           "AND d.key = ? AND " DELIVERY_IS_OPEN("d") " ORDER BY d.id DESC LIMIT 1");
  statement.bind(1, newer.pipeline_id).bind(2, newer.key);
  return deliveries_of(statement);
}

/// When a delivery goes at the earliest, and whether it can be put off.
struct Moment {
  std::int64_t not_before_ms = 0;
  std::optional<std::int64_t> settle_by_ms;
};

/// A newer state moves the quiet moment that is waited for, not the time by which it goes at the latest. What is held waits for somebody, and then no
/// longer.
Moment moment_of(const Delivery& delivery, const std::vector<Older>& replaced, DeliveryState state) {
  Moment moment{delivery.not_before_ms, delivery.settle_by_ms};
  if (!moment.settle_by_ms) return moment;
  if (state != DeliveryState::pending) return {};
  for (const Older& older : replaced) moment.settle_by_ms = std::min(*moment.settle_by_ms, older.settle_by_ms.value_or(*moment.settle_by_ms));
  moment.not_before_ms = std::min(moment.not_before_ms, *moment.settle_by_ms);
  return moment;
}

std::string match_staying(const std::vector<Delivery>& open, const std::vector<Older>& replaced) {
  std::string match;
  for (const Delivery& older : open) {
    const bool stays =
        std::none_of(replaced.begin(), replaced.end(), [&](const Older& each) { return each.id == older.id; });
    if (stays) match = older.match;
  }
  return match;
}

}  // namespace

std::string_view name_of(DeliveryState state) { return state_names[static_cast<std::size_t>(state)]; }

DeliveryState delivery_state_of(std::string_view name) {
  return static_cast<DeliveryState>(place_of(name, state_names, "a delivery's state"));
}

std::int64_t Deliveries::plan(const Delivery& delivery) {
  std::int64_t first_seq = delivery.first_seq;
  std::vector<Older> replaced;
  std::optional<std::string> also;
  Beginning beginning{delivery.state, delivery.reason, delivery.anomaly_id};
  // What cannot be sent replaces nothing: the older state is still better than none.
  if (is_open(delivery.state)) {
    const std::vector<Delivery> open =
        delivery.every_change ? newest_of_key(connection_, delivery) : open_of_key(connection_, delivery);
    if (!delivery.every_change) replaced = replaceable(connection_, open, delivery);
    for (const Older& older : replaced) first_seq = std::min(first_seq, older.first_seq);
    if (delivery.present) moves_.take_back(delivery.pipeline_id, delivery.key);
    // Those that stay are before it, and the last of them says where the record will be.
    std::vector<Delivery> before = open_before_move(delivery.pipeline_id, delivery.key);
    const bool all_replaced = replaced.size() == open.size();
    if (!all_replaced) also = match_staying(open, replaced);
    else also = before.empty() ? match_last_sent(delivery) : before.back().match;
    if (also == delivery.match) also.reset();
    const bool is_alone = all_replaced && before.empty();
    before.insert(before.end(), open.begin(), open.end());
    beginning = beginning_of(*this, connection_, delivery, before, is_alone);
  }
  const Moment moment = moment_of(delivery, replaced, beginning.state);
  const std::optional<std::string> waits = waits_of(delivery, replaced);
  Statement insert = connection_.prepare(
      "INSERT INTO delivery (pipeline_id, key, cycle_id, first_seq, last_seq, generation, connection, object, match, "
      "also_match, effect, fields, comment, policy, mapping, state, reason, not_before_ms, expires_ms, created_ms, "
      "updated_ms, anomaly_id, bundle_id, settle_by_ms, waits) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, delivery.pipeline_id).bind(2, delivery.key).bind(3, delivery.cycle_id).bind(4, first_seq);
  insert.bind(5, delivery.last_seq).bind(6, delivery.generation).bind(7, delivery.connection).bind(8, delivery.object);
  insert.bind(9, delivery.match).bind(10, also).bind(11, delivery.present ? "present" : "absent");
  insert.bind(12, delivery.fields).bind(13, delivery.comment);
  insert.bind(14, delivery.every_change ? "every_change" : "latest").bind(15, delivery.mapping);
  insert.bind(16, name_of(beginning.state)).bind(17, beginning.reason).bind(18, moment.not_before_ms);
  insert.bind(19, delivery.expires_ms).bind(20, delivery.created_ms).bind(21, delivery.updated_ms);
  insert.bind(22, beginning.anomaly_id).bind(23, delivery.bundle_id).bind(24, moment.settle_by_ms).bind(25, waits);
  insert.run();
  const std::int64_t id = connection_.last_row_id();

  for (const Older& older : replaced) {
    Statement update = connection_.prepare(
        "UPDATE delivery SET state = 'superseded', reason = 'a newer change', superseded_by = ?2, updated_ms = ?3 "
        "WHERE id = ?1");
    update.bind(1, older.id).bind(2, id).bind(3, delivery.created_ms).run();
  }
  return id;
}

/// Where the record is now, as far as it was sent.
std::optional<std::string> Deliveries::match_last_sent(const Delivery& delivery) {
  const auto sent = last_sent(delivery.pipeline_id, delivery.key);
  const bool is_there =
      sent && sent->live && sent->connection == delivery.connection && sent->object == delivery.object;
  return is_there ? std::optional(sent->match) : std::nullopt;
}

namespace {

void bind_progress(Statement& statement, const Delivery& delivery) {
  statement.bind(1, delivery.id).bind(2, name_of(delivery.state)).bind(3, delivery.reason).bind(4, delivery.step);
  statement.bind(5, delivery.operation).bind(6, delivery.frozen).bind(7, delivery.idempotency_key);
  statement.bind(8, std::int64_t{delivery.tries})
      .bind(9, std::int64_t{delivery.looks})
      .bind(10, delivery.not_before_ms);
  statement.bind(11, delivery.superseded_by).bind(12, delivery.updated_ms).bind(13, delivery.look_ups);
  statement.bind(14, delivery.anomaly_id).bind(15, delivery.waits).bind(16, delivery.drift);
}

}  // namespace

void Deliveries::update(const Delivery& delivery) {
  Statement statement = connection_.prepare(DELIVERY_PROGRESS);
  bind_progress(statement, delivery);
  statement.run();
  if (delivery.state == DeliveryState::dead) follow_move(delivery);
}

bool Deliveries::update_if(const Delivery& delivery, std::initializer_list<DeliveryState> expected) {
  ENGINE_ASSERT(expected.size() >= 1 && expected.size() <= 3);
  // For a list behind IN, SQLite fills a table of its own: as dear as the rest of the statement.
  Statement statement = connection_.prepare(DELIVERY_PROGRESS " AND (state = ?17 OR state = ?18 OR state = ?19)");
  bind_progress(statement, delivery);
  const DeliveryState* const states = expected.begin();
  const std::size_t last = expected.size() - 1;
  statement.bind(17, name_of(states[0])).bind(18, name_of(states[std::min<std::size_t>(1, last)])).bind(19, name_of(states[last])).run();
  const bool written = connection_.changes() > 0;
  if (written && delivery.state == DeliveryState::dead) follow_move(delivery);
  return written;
}

/// Where the record will be when its turn comes: as the last open one before it says, else as it was sent.
std::optional<std::string> Deliveries::match_before(const Delivery& delivery) {
  Statement row = connection_.prepare(
      "SELECT d.match FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? AND d.key = ? AND d.id < ? AND " DELIVERY_IS_OPEN("d")
      " ORDER BY d.id DESC LIMIT 1");
  row.bind(1, delivery.pipeline_id).bind(2, delivery.key).bind(3, delivery.id);
  return row.step() ? std::optional(std::string(row.text(0))) : match_last_sent(delivery);
}

void Deliveries::put_back(const Delivery& delivery) {
  std::optional<std::string> also = match_before(delivery);
  if (also == delivery.match) also.reset();
  Statement statement = connection_.prepare(
      "UPDATE delivery SET match = ?2, also_match = ?3, effect = ?4, fields = ?5, comment = ?6, mapping = ?7, state = ?8, reason = ?9, "
      "generation = ?10, updated_ms = ?11, created_ms = ?12, step = '', frozen = NULL, tries = 0, not_before_ms = 0 WHERE id = ?1");
  statement.bind(1, delivery.id).bind(2, delivery.match).bind(3, also).bind(4, delivery.present ? "present" : "absent");
  statement.bind(5, delivery.fields).bind(6, delivery.comment).bind(7, delivery.mapping).bind(8, name_of(delivery.state));
  statement.bind(9, delivery.reason).bind(10, delivery.generation).bind(11, delivery.updated_ms).bind(12, delivery.created_ms);
  statement.run();
}

void Deliveries::occupy_also(std::int64_t id, const std::string& also_match) {
  connection_.prepare("UPDATE delivery SET also_match = ?2 WHERE id = ?1").bind(1, id).bind(2, also_match).run();
}

std::optional<Delivery> Deliveries::find(std::int64_t id) {
  Statement statement = connection_.prepare("SELECT " DELIVERY_COLUMNS " FROM delivery AS d WHERE d.id = ?");
  statement.bind(1, id);
  if (!statement.step()) return std::nullopt;
  return delivery_of(statement);
}

std::vector<Delivery> Deliveries::of_key(std::int64_t pipeline_id, const std::string& key, std::size_t limit) {
  Statement statement = connection_.prepare(
      "SELECT " DELIVERY_COLUMNS " FROM delivery AS d WHERE d.pipeline_id = ? AND d.key = ? ORDER BY d.id LIMIT ?");
  statement.bind(1, pipeline_id).bind(2, key).bind(3, static_cast<std::int64_t>(limit));
  return deliveries_of(statement);
}

std::int64_t Deliveries::last_id() {
  Statement statement = connection_.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'delivery'");
  return statement.step() ? statement.integer(0) : 0;
}

std::int64_t Deliveries::last_attempt_id() {
  Statement statement = connection_.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'attempt'");
  return statement.step() ? statement.integer(0) : 0;
}

std::int64_t Deliveries::newest_seq(std::int64_t pipeline_id, const std::string& key) {
  Statement statement = connection_.prepare("SELECT max(last_seq) FROM delivery WHERE pipeline_id = ? AND key = ?");
  statement.bind(1, pipeline_id).bind(2, key).step();
  return statement.optional_integer(0).value_or(0);
}

std::int64_t Deliveries::next_generation(std::int64_t pipeline_id, const std::string& key, std::int64_t last_seq) {
  Statement statement =
      connection_.prepare("SELECT max(generation) FROM delivery WHERE pipeline_id = ? AND key = ? AND last_seq = ?");
  statement.bind(1, pipeline_id).bind(2, key).bind(3, last_seq).step();
  return statement.optional_integer(0).value_or(0) + 1;
}

void Deliveries::supersede(const Delivery& older, std::int64_t younger_id, const std::string& reason,
                           std::int64_t now_ms) {
  Statement done = connection_.prepare(
      "UPDATE delivery SET state = 'superseded', reason = ?3, superseded_by = ?2, updated_ms = ?4 WHERE id = ?1");
  done.bind(1, older.id).bind(2, younger_id).bind(3, reason).bind(4, now_ms).run();
  Statement taken = connection_.prepare("UPDATE delivery SET first_seq = min(first_seq, ?2) WHERE id = ?1");
  taken.bind(1, younger_id).bind(2, older.first_seq).run();
}

void Deliveries::supersede_dead_before(const Delivery& delivery, std::int64_t now_ms) {
  Statement statement = connection_.prepare(
      "UPDATE delivery INDEXED BY delivery_dead SET state = 'superseded', superseded_by = ?3, updated_ms = ?4 "
      "WHERE pipeline_id = ?1 AND key = ?2 AND id < ?3 AND state = 'dead'");
  statement.bind(1, delivery.pipeline_id).bind(2, delivery.key).bind(3, delivery.id).bind(4, now_ms).run();
}

std::vector<Delivery> Deliveries::dead_letters(const DeadLetterFilter& filter) {
  // The same two partial indexes as below: whoever looks for the few does not wait for the millions.
  Statement statement = connection_.prepare(
      "SELECT " DELIVERY_COLUMNS
      " FROM delivery AS d WHERE d.id IN (SELECT id FROM delivery INDEXED BY delivery_dead WHERE ?1 AND state = 'dead' "
      "UNION ALL SELECT id FROM delivery INDEXED BY delivery_uncertain WHERE ?2 AND state IN ('in_flight', 'uncertain') AND "
      "state = 'uncertain') "
      "AND (?3 = '' OR d.pipeline_id = (SELECT id FROM pipeline WHERE name = ?3)) ORDER BY d.id LIMIT ?4");
  statement.bind(1, std::int64_t{filter.dead}).bind(2, std::int64_t{filter.uncertain}).bind(3, filter.pipeline);
  statement.bind(4, static_cast<std::int64_t>(filter.limit));
  return deliveries_of(statement);
}

void Deliveries::record_decision(std::int64_t delivery_id, const std::string& decision, const std::string& actor,
                                 const std::string& reason, std::int64_t now_ms) {
  Statement statement = connection_.prepare(
      "INSERT INTO decision (delivery_id, decision, actor, reason, decided_ms) VALUES (?, ?, ?, ?, ?)");
  statement.bind(1, delivery_id).bind(2, decision).bind(3, actor).bind(4, reason).bind(5, now_ms).run();
}

std::vector<DeliveryDecision> Deliveries::decisions(std::int64_t delivery_id) {
  Statement row = connection_.prepare("SELECT decision, actor, reason, decided_ms, anomaly_id FROM decision WHERE delivery_id = ? ORDER BY id");
  row.bind(1, delivery_id);
  std::vector<DeliveryDecision> all;
  while (row.step()) {
    all.push_back({std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)), row.integer(3), row.optional_integer(4)});
  }
  return all;
}

std::vector<Deliveries::Awaiting> Deliveries::awaiting_person() {
  Statement statement = connection_.prepare(
      "SELECT d.pipeline_id, 'dead', count(*) FROM delivery AS d INDEXED BY delivery_dead WHERE d.state = 'dead' GROUP BY 1 "
      "UNION ALL SELECT d.pipeline_id, 'uncertain', count(*) FROM delivery AS d INDEXED BY delivery_uncertain "
      "WHERE d.state IN ('in_flight', 'uncertain') AND d.state = 'uncertain' GROUP BY 1");
  std::vector<Awaiting> awaiting;
  while (statement.step()) {
    awaiting.push_back({statement.integer(0), delivery_state_of(statement.text(1)), statement.integer(2)});
  }
  return awaiting;
}

std::vector<Deliveries::Kept> Deliveries::kept_back(std::int64_t pipeline_id) {
  Statement row = connection_.prepare(
      "SELECT d.reason, count(*) FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ?1 AND " DELIVERY_IS_OPEN(
          "d") " AND d.state = 'pending' AND d.waits IS NOT NULL AND instr(d.reason, ?2) = 1 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10");
  row.bind(1, pipeline_id).bind(2, kept_back_reason);
  std::vector<Kept> kept;
  while (row.step()) kept.push_back({std::string(row.text(0)), row.integer(1)});
  return kept;
}

std::optional<std::int64_t> Deliveries::oldest_under_way_ms(std::int64_t pipeline_id) {
  Statement statement = connection_.prepare(
      "SELECT captured_ms FROM change WHERE seq = (SELECT min(d.first_seq) FROM delivery AS d INDEXED BY delivery_open_key "
      "WHERE d.pipeline_id = ?1 AND " DELIVERY_IS_OPEN("d") " AND d.state IN ('pending', 'in_flight'))");
  statement.bind(1, pipeline_id);
  return statement.step() ? statement.optional_integer(0) : std::nullopt;
}

Deliveries::SettlingCount Deliveries::settling(std::int64_t pipeline_id) {
  Statement statement = connection_.prepare(
      "SELECT count(*), min(d.not_before_ms) FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ?1 AND " DELIVERY_IS_OPEN("d")
      " AND d.state = 'pending' AND d.settle_by_ms IS NOT NULL");
  statement.bind(1, pipeline_id).step();
  return {statement.integer(0), statement.optional_integer(1).value_or(0)};
}

std::vector<std::pair<DeliveryState, std::int64_t>> Deliveries::counts(std::int64_t pipeline_id) {
  // Two partial indexes answer: the finished ones, which may be millions, are never looked at.
  Statement statement = connection_.prepare(
      "SELECT d.state, count(*) FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ?1 AND " DELIVERY_IS_OPEN(
          "d") " GROUP BY d.state UNION ALL SELECT 'dead', count(*) FROM delivery AS d INDEXED BY delivery_dead "
               "WHERE d.pipeline_id = ?1 AND d.state = 'dead'");
  statement.bind(1, pipeline_id);
  std::vector<std::pair<DeliveryState, std::int64_t>> counts;
  while (statement.step()) {
    if (statement.integer(1) > 0) counts.emplace_back(delivery_state_of(statement.text(0)), statement.integer(1));
  }
  return counts;
}

}  // namespace engine::journal
