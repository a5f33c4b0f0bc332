// Which deliveries stand at the head of their lanes and of their key.
#include <algorithm>

#include "engine/journal/deliveries.h"
#include "engine/journal/delivery/delivery_row.h"

namespace engine::journal {

namespace {

// One statement decides for rows without a second lane, which are nearly all; only the others are looked at one by one.
#define IS_BLOCKED                                                                                                      \
  "EXISTS (SELECT 1 FROM delivery AS o INDEXED BY delivery_open_key WHERE o.pipeline_id = d.pipeline_id "               \
  "AND o.key = d.key AND o.id < d.id AND " DELIVERY_IS_OPEN("o") ") OR (d.match <> '{}' AND ("                          \
  "EXISTS (SELECT 1 FROM delivery AS o INDEXED BY delivery_open_lane WHERE o.connection = d.connection "                \
  "AND o.object = d.object AND o.match = d.match AND o.id < d.id AND " DELIVERY_IS_OPEN("o") ") OR "                    \
  "EXISTS (SELECT 1 FROM delivery AS o INDEXED BY delivery_open_also WHERE o.connection = d.connection "                \
  "AND o.object = d.object AND o.also_match = d.match AND o.also_match IS NOT NULL AND o.id < d.id "                    \
  "AND " DELIVERY_IS_OPEN("o") ")))"
// What `complete` reads, in the same statement: one of their own for each row would cost more than the scan itself.
#define OF_THE_NEXT                                                                                                  \
  ", s.connection, s.object, s.match, s.fields, s.live, s.mapping, s.sent_ms, "                                      \
  "(SELECT r.remote_id FROM remote_id AS r WHERE r.connection = d.connection AND r.object = d.object "               \
  "AND r.match = CASE WHEN s.live = 1 THEN s.match ELSE d.match END AND r.match <> '{}'), "                          \
  "(SELECT c.captured_ms FROM change AS c WHERE c.seq = d.last_seq), "                                               \
  "(SELECT count(*) FROM attempt AS a WHERE a.delivery_id = d.id), "                                                 \
  "EXISTS (SELECT 1 FROM delivery AS e INDEXED BY delivery_dead WHERE e.pipeline_id = d.pipeline_id AND e.key = d.key AND e.state = 'dead') " \
  "FROM delivery AS d INDEXED BY delivery_due LEFT JOIN last_sent AS s ON s.pipeline_id = d.pipeline_id AND s.key = d.key " \
  "WHERE d.connection = ?1 AND d.state = 'pending' AND d.id > ?2 ORDER BY d.id LIMIT ?3"
constexpr const char* scan_of_all = "SELECT " DELIVERY_COLUMNS ", " IS_BLOCKED OF_THE_NEXT;
constexpr const char* scan_of_some = "SELECT " DELIVERY_COLUMNS
                                     ", CASE WHEN (instr(?4, ',' || d.pipeline_id || ',') > 0) <> ?5 THEN " IS_BLOCKED
                                     " END" OF_THE_NEXT;
/// The columns of the scan behind those of the delivery.
constexpr int blocked_column = delivery_columns;
constexpr int sent_column = blocked_column + 1;
constexpr int remote_id_column = sent_column + last_sent_columns;
constexpr int captured_column = remote_id_column + 1;
constexpr int attempts_column = captured_column + 1;
constexpr int has_dead_column = attempts_column + 1;

bool orders_by_lane(const std::string& match) { return match != "{}"; }

/// By which its record is known at the target.
const std::string& record_match(const Delivery& delivery, const std::optional<LastSent>& sent) {
  return sent && sent->live ? sent->match : delivery.match;
}

/// An open delivery older than `id` occupies this lane, as its own or as the one its record still has.
bool occupied_before(Connection& connection, const Delivery& delivery, const std::string& match) {
  if (!orders_by_lane(match)) return false;
  {
    Statement own = connection.prepare(
        "SELECT 1 FROM delivery AS d INDEXED BY delivery_open_lane WHERE d.connection = ? AND d.object = ? AND d.match "
        "= ? "
        "AND d.id < ? AND " DELIVERY_IS_OPEN("d") " LIMIT 1");
    own.bind(1, delivery.connection).bind(2, delivery.object).bind(3, match).bind(4, delivery.id);
    if (own.step()) return true;
  }
  Statement also = connection.prepare(
      "SELECT 1 FROM delivery AS d INDEXED BY delivery_open_also WHERE d.connection = ? AND d.object = ? AND "
      "d.also_match = ? "
      "AND d.id < ? AND d.also_match IS NOT NULL AND " DELIVERY_IS_OPEN("d") " LIMIT 1");
  also.bind(1, delivery.connection).bind(2, delivery.object).bind(3, match).bind(4, delivery.id);
  return also.step();
}

bool key_busy_before(Connection& connection, const Delivery& delivery) {
  Statement statement = connection.prepare(
      "SELECT 1 FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? AND d.key = ? AND d.id < ? "
      "AND " DELIVERY_IS_OPEN("d") " LIMIT 1");
  statement.bind(1, delivery.pipeline_id).bind(2, delivery.key).bind(3, delivery.id);
  return statement.step();
}

std::vector<std::int64_t> oldest_behind(Connection& connection, const std::string& name, const Freed& freed) {
  std::vector<std::int64_t> ids;
  const auto add = [&ids](const std::optional<std::int64_t>& id) {
    if (id && std::find(ids.begin(), ids.end(), *id) == ids.end()) ids.push_back(*id);
  };
  {
    Statement key = connection.prepare(
        "SELECT d.id FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? AND d.key = ? "
        "AND " DELIVERY_IS_OPEN("d") " ORDER BY d.id LIMIT 1");
    key.bind(1, freed.pipeline_id).bind(2, freed.key);
    if (key.step()) add(key.integer(0));
  }
  for (const std::string& match : freed.matches) {
    if (!orders_by_lane(match)) continue;
    {
      Statement own = connection.prepare(
          "SELECT d.id FROM delivery AS d INDEXED BY delivery_open_lane WHERE d.connection = ? AND d.object = ? "
          "AND d.match = ? AND " DELIVERY_IS_OPEN("d") " ORDER BY d.id LIMIT 1");
      own.bind(1, name).bind(2, freed.object).bind(3, match);
      if (own.step()) add(own.integer(0));
    }
    Statement also = connection.prepare(
        "SELECT d.id FROM delivery AS d INDEXED BY delivery_open_also WHERE d.connection = ? AND d.object = ? "
        "AND d.also_match = ? AND d.also_match IS NOT NULL AND " DELIVERY_IS_OPEN("d") " ORDER BY d.id LIMIT 1");
    also.bind(1, name).bind(2, freed.object).bind(3, match);
    if (also.step()) add(also.integer(0));
  }
  return ids;
}

}  // namespace

bool Deliveries::is_head(const Delivery& delivery) {
  if (key_busy_before(connection_, delivery) || occupied_before(connection_, delivery, delivery.match)) return false;
  return !delivery.also_match || !occupied_before(connection_, delivery, *delivery.also_match);
}

PipelineChoice PipelineChoice::of(const std::vector<std::int64_t>& ids, bool all_but) {
  PipelineChoice choice{.ids = ids.empty() ? "" : ",", .all_but = all_but};
  for (const std::int64_t id : ids) choice.ids += std::to_string(id) + ",";
  return choice;
}

HeadScan Deliveries::scan_heads(const std::string& connection, std::int64_t after_id, std::size_t limit, const PipelineChoice& pipelines,
                                const std::function<void(Head)>& found) {
  const bool any_moves = moves_.any();
  Statement statement = connection_.prepare(pipelines.ids.empty() ? scan_of_all : scan_of_some);
  statement.bind(1, connection).bind(2, after_id).bind(3, static_cast<std::int64_t>(limit));
  if (!pipelines.ids.empty()) statement.bind(4, pipelines.ids).bind(5, std::int64_t{pipelines.all_but});
  HeadScan scan{.scanned_to = after_id};
  while (statement.step()) {
    ++scan.scanned;
    scan.scanned_to = statement.integer(0);
    // NULL: of a pipeline that was not asked for.
    if (statement.is_null(blocked_column)) continue;
    bool blocked = statement.integer(blocked_column) != 0;
    if (!blocked) {
      Delivery delivery = delivery_of(statement);
      blocked = delivery.also_match && occupied_before(connection_, delivery, *delivery.also_match);
      // Where the record of a row that got another key is stored, the statement does not know.
      if (!blocked) found(any_moves ? complete(std::move(delivery)) : head_of(statement, std::move(delivery)));
    }
    scan.blocked += blocked ? 1 : 0;
  }
  return scan;
}

/// Of a row of the scan.
Head Deliveries::head_of(const Statement& row, Delivery delivery) {
  Head head;
  if (!row.is_null(sent_column)) head.last_sent = last_sent_of(row, sent_column, delivery.pipeline_id, delivery.key);
  head.remote_id = row.optional_text(remote_id_column);
  head.captured_ms = row.integer(captured_column);
  head.attempts = static_cast<int>(row.integer(attempts_column));
  head.has_dead = row.integer(has_dead_column) != 0;
  if (!delivery.present) head.taken_over = is_taken_over(delivery, record_match(delivery, head.last_sent), false);
  head.delivery = std::move(delivery);
  return head;
}

std::vector<Delivery> Deliveries::heads_behind(const std::string& connection, const Freed& freed) {
  std::vector<Delivery> heads;
  for (const std::int64_t id : oldest_behind(connection_, connection, freed)) {
    auto delivery = find(id);
    if (delivery && delivery->state == DeliveryState::pending && is_head(*delivery)) heads.push_back(*std::move(delivery));
  }
  return heads;
}

Head Deliveries::complete(Delivery delivery) {
  Head head;
  head.last_sent = last_sent_before(delivery.id, delivery.pipeline_id, delivery.key);
  const std::string& match = record_match(delivery, head.last_sent);
  // Without a match value all records of the object would share one id.
  if (orders_by_lane(match)) head.remote_id = remote_id(delivery.connection, delivery.object, match);
  if (!delivery.present) head.taken_over = is_taken_over(delivery, match, false);
  {
    Statement statement = connection_.prepare("SELECT captured_ms FROM change WHERE seq = ?");
    statement.bind(1, delivery.last_seq);
    if (statement.step()) head.captured_ms = statement.integer(0);
  }
  {
    Statement statement = connection_.prepare("SELECT count(*) FROM attempt WHERE delivery_id = ?");
    statement.bind(1, delivery.id).step();
    head.attempts = static_cast<int>(statement.integer(0));
  }
  head.has_dead = has_dead(delivery.pipeline_id, delivery.key);
  head.delivery = std::move(delivery);
  return head;
}

bool Deliveries::is_taken_over(const Delivery& leaving, const std::string& match, bool planned) {
  if (!orders_by_lane(match)) return false;
  const std::string origin = moves_.from(leaving.pipeline_id, leaving.key).value_or(leaving.key);
  const auto any = [&](const char* sql) {
    Statement other = connection_.prepare(sql);
    other.bind(1, leaving.pipeline_id).bind(2, match).bind(3, leaving.connection).bind(4, leaving.object).bind(5, leaving.key).bind(6, origin);
    return other.step();
  };
  return any("SELECT 1 FROM last_sent INDEXED BY last_sent_by_match WHERE pipeline_id = ?1 AND match = ?2 AND live = 1 AND connection = ?3 "
             "AND object = ?4 AND key NOT IN (?5, ?6) LIMIT 1") ||
         (planned && any("SELECT 1 FROM delivery AS d INDEXED BY delivery_open_lane WHERE d.pipeline_id = ?1 AND d.match = ?2 AND d.connection = ?3 "
                         "AND d.object = ?4 AND d.key NOT IN (?5, ?6) AND d.effect = 'present' AND " DELIVERY_IS_OPEN("d") " LIMIT 1"));
}

bool Deliveries::has_dead(std::int64_t pipeline_id, const std::string& key) {
  Statement statement = connection_.prepare(
      "SELECT 1 FROM delivery INDEXED BY delivery_dead WHERE pipeline_id = ? AND key = ? AND state = 'dead' LIMIT 1");
  statement.bind(1, pipeline_id).bind(2, key);
  return statement.step();
}

std::vector<Delivery> Deliveries::unsettled(const std::string& connection, std::int64_t after_id, std::size_t limit) {
  Statement statement =
      connection_.prepare("SELECT " DELIVERY_COLUMNS
                          " FROM delivery AS d INDEXED BY delivery_uncertain WHERE d.connection = ? AND d.id > ? "
                          "AND d.state IN ('in_flight', 'uncertain') ORDER BY d.id LIMIT ?");
  statement.bind(1, connection).bind(2, after_id).bind(3, static_cast<std::int64_t>(limit));
  return deliveries_of(statement);
}

std::optional<Delivery> Deliveries::waiting_behind(const Delivery& delivery) {
  Statement statement = connection_.prepare(
      "SELECT " DELIVERY_COLUMNS " FROM delivery AS d WHERE d.id = coalesce((SELECT d.id FROM delivery AS d INDEXED BY "
      "delivery_open_key WHERE d.pipeline_id = ?1 AND d.key = ?2 AND d.id > ?6 AND " DELIVERY_IS_OPEN("d")
      " ORDER BY d.id LIMIT 1), (SELECT d.id FROM delivery AS d INDEXED BY delivery_open_lane WHERE d.connection = ?3 "
      "AND d.object = ?4 AND d.match = ?5 AND ?5 <> '{}' AND d.id > ?6 AND " DELIVERY_IS_OPEN("d") " ORDER BY d.id LIMIT 1))");
  statement.bind(1, delivery.pipeline_id).bind(2, delivery.key).bind(3, delivery.connection).bind(4, delivery.object);
  statement.bind(5, delivery.match).bind(6, delivery.id);
  if (!statement.step()) return std::nullopt;
  return delivery_of(statement);
}

std::optional<std::int64_t> Deliveries::delete_behind(const Delivery& delivery) {
  Statement statement = connection_.prepare(
      "SELECT d.id FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? AND d.key = ? AND d.id > ? "
      "AND " DELIVERY_IS_OPEN("d") " AND d.effect = 'absent' AND d.anomaly_id IS NULL ORDER BY d.id LIMIT 1");
  statement.bind(1, delivery.pipeline_id).bind(2, delivery.key).bind(3, delivery.id);
  if (!statement.step()) return std::nullopt;
  return statement.integer(0);
}

std::int64_t Deliveries::last_seq_planned() {
  Statement statement = connection_.prepare("SELECT coalesce(max(position), 0) FROM pipeline");
  statement.step();
  return statement.integer(0);
}

}  // namespace engine::journal
