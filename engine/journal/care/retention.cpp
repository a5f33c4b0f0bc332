#include "engine/journal/care/retention.h"

#include <string>
#include <utility>
#include <vector>

#include "engine/journal/connection.h"
#include "engine/journal/deliveries.h"
#include "engine/journal/delivery/delivery_row.h"

namespace engine::journal {
namespace {

struct Old {
  std::int64_t id = 0;
  std::int64_t table_id = 0;
  std::string key;
};

/// Steps through the rows of one page, in the order they were made; true when it was the last. Column 1 is a row's time: behind the first
/// young one all are young, so what is kept is never walked through. One from the future, of a clock that was wrong for a while, says nothing
/// of those behind it.
template <typename Row>
bool page_of(Statement& rows, const RetentionAge& age, std::int64_t limit, std::int64_t& position, const Row& row) {
  std::int64_t seen = 0;
  while (rows.step()) {
    const std::int64_t made_ms = rows.integer(1);
    if (made_ms >= age.before_ms && made_ms <= age.now_ms) return true;
    ++seen;
    position = rows.integer(0);
    if (made_ms < age.before_ms) row(rows);
  }
  return seen < limit;
}

}  // namespace

void Retention::step(Sweep& sweep, const RetentionAge& age, const std::map<std::int64_t, std::int64_t>& mapped_to,
                     std::int64_t limit) {
  sweep.done = true;
  sweep_deliveries(sweep, age, limit);
  sweep_changes(sweep, age, mapped_to, limit);
  sweep_cycles(sweep, age, limit);
  sweep_bundles(sweep, age, limit);
  sweep_messages(sweep, age, limit);
  sweep_anomalies(sweep, age);
}

void Retention::sweep_deliveries(Sweep& sweep, const RetentionAge& age, std::int64_t limit) {
  Statement rows = connection_.prepare("SELECT id, created_ms, state, updated_ms FROM delivery WHERE id > ?1 ORDER BY id LIMIT ?2");
  rows.bind(1, sweep.delivery_id).bind(2, limit);
  std::vector<std::int64_t> old;
  const bool last = page_of(rows, age, limit, sweep.delivery_id, [&](const Statement& row) {
    const DeliveryState state = delivery_state_of(row.text(2));
    const bool finished = !is_open(state) && state != DeliveryState::dead;
    if (finished && row.integer(3) < age.before_ms) old.push_back(row.integer(0));
  });
  for (const std::int64_t id : old) {
    connection_.prepare("DELETE FROM attempt WHERE delivery_id = ?").bind(1, id).run();
    connection_.prepare("DELETE FROM delivery_report WHERE delivery_id = ?").bind(1, id).run();
    connection_.prepare("DELETE FROM decision WHERE delivery_id = ?").bind(1, id).run();
    connection_.prepare("DELETE FROM delivery WHERE id = ?").bind(1, id).run();
  }
  sweep.removed += static_cast<std::int64_t>(old.size());
  sweep.done = sweep.done && last;
}

void Retention::sweep_changes(Sweep& sweep, const RetentionAge& age, const std::map<std::int64_t, std::int64_t>& mapped_to,
                              std::int64_t limit) {
  Statement rows = connection_.prepare("SELECT seq, captured_ms, table_id, key FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2");
  rows.bind(1, sweep.change_seq).bind(2, limit);
  std::vector<Old> old;
  const bool last = page_of(rows, age, limit, sweep.change_seq, [&](const Statement& row) {
    const auto mapped = mapped_to.find(row.integer(2));
    if (mapped != mapped_to.end() && row.integer(0) > mapped->second) return;
    old.push_back({row.integer(0), row.integer(2), std::string(row.text(3))});
  });
  for (const Old& each : old) {
    if (is_covered(each.table_id, each.key.c_str(), each.id)) continue;
    connection_.prepare("DELETE FROM change WHERE seq = ?").bind(1, each.id).run();
    connection_.prepare("DELETE FROM echo WHERE seq = ?").bind(1, each.id).run();
    ++sweep.removed;
  }
  sweep.done = sweep.done && last;
}

/// What waits, or is kept for a person, must still be able to show and repeat what it stands for.
/// CROSS JOIN: from the few pipelines to the key. The other way round each change would look through all that waits.
bool Retention::is_covered(std::int64_t table_id, const char* key, std::int64_t seq) {
  for (const char* sql : {"SELECT 1 FROM pipeline p CROSS JOIN delivery d INDEXED BY delivery_open_key ON d.pipeline_id = p.id "
                          "AND d.key = ?2 AND " DELIVERY_IS_OPEN("d") " WHERE p.table_id = ?1 AND ?3 BETWEEN d.first_seq AND d.last_seq",
                          "SELECT 1 FROM pipeline p CROSS JOIN delivery d INDEXED BY delivery_dead ON d.pipeline_id = p.id "
                          "AND d.key = ?2 AND d.state = 'dead' WHERE p.table_id = ?1 AND ?3 BETWEEN d.first_seq AND d.last_seq"}) {
    Statement row = connection_.prepare(sql);
    if (row.bind(1, table_id).bind(2, key).bind(3, seq).step()) return true;
  }
  return false;
}

void Retention::sweep_cycles(Sweep& sweep, const RetentionAge& age, std::int64_t limit) {
  Statement rows = connection_.prepare(
      "SELECT id, started_ms, state = 'closed' AND ended_ms < ?3 FROM cycle WHERE id > ?1 ORDER BY id LIMIT ?2");
  rows.bind(1, sweep.cycle_id).bind(2, limit).bind(3, age.before_ms);
  std::vector<std::int64_t> old;
  const bool last = page_of(rows, age, limit, sweep.cycle_id, [&](const Statement& row) {
    if (row.integer(2) != 0) old.push_back(row.integer(0));
  });
  for (const std::int64_t id : old) {
    connection_.prepare("DELETE FROM transaction_tie WHERE cycle_id = ?").bind(1, id).run();
    connection_.prepare("DELETE FROM cycle WHERE id = ?").bind(1, id).run();
  }
  sweep.removed += static_cast<std::int64_t>(old.size());
  sweep.done = sweep.done && last;
}

/// Those of which no delivery is left.
void Retention::sweep_bundles(Sweep& sweep, const RetentionAge& age, std::int64_t limit) {
  Statement rows = connection_.prepare("SELECT id, created_ms FROM bundle WHERE id > ?1 ORDER BY id LIMIT ?2");
  rows.bind(1, sweep.bundle_id).bind(2, limit);
  std::vector<std::int64_t> old;
  const bool last = page_of(rows, age, limit, sweep.bundle_id, [&](const Statement& row) { old.push_back(row.integer(0)); });
  for (const std::int64_t id : old) {
    connection_
        .prepare("DELETE FROM bundle WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_by_bundle WHERE bundle_id = ?1)")
        .bind(1, id)
        .run();
    sweep.removed += connection_.changes();
  }
  sweep.done = sweep.done && last;
}

/// What people wrote; a conversation that is older opens no window any more.
void Retention::sweep_messages(Sweep& sweep, const RetentionAge& age, std::int64_t limit) {
  Statement messages = connection_.prepare(
      "DELETE FROM inbound_message WHERE id IN (SELECT id FROM inbound_message WHERE id < coalesce((SELECT min(id) FROM "
      "inbound_message WHERE received_ms BETWEEN ?1 AND ?3), 9223372036854775807) AND received_ms < ?1 ORDER BY id LIMIT ?2)");
  messages.bind(1, age.before_ms).bind(2, limit).bind(3, age.now_ms).run();
  const std::int64_t removed = connection_.changes();
  if (!std::exchange(sweep.conversations_done, true)) {
    connection_.prepare("DELETE FROM conversation WHERE heard_ms < ?").bind(1, age.before_ms).run();
  }
  sweep.removed += removed;
  sweep.done = sweep.done && removed < limit;
}

/// What was decided long ago; one whose values may still come again keeps its number.
void Retention::sweep_anomalies(Sweep& sweep, const RetentionAge& age) {
  connection_.prepare("DELETE FROM anomaly WHERE state <> 'open' AND closed_ms < ?1 AND id NOT IN (SELECT anomaly_id FROM rejection)")
      .bind(1, age.before_ms)
      .run();
  sweep.removed += connection_.changes();
}

std::int64_t Retention::used_bytes() {
  const auto number = [this](const char* sql) {
    Statement row = connection_.prepare(sql);
    row.step();
    return row.integer(0);
  };
  return (number("PRAGMA page_count") - number("PRAGMA freelist_count")) * number("PRAGMA page_size");
}

std::int64_t Retention::oldest_change_ms(std::int64_t now_ms) {
  Statement row = connection_.prepare("SELECT captured_ms FROM change WHERE captured_ms <= ?1 ORDER BY seq LIMIT 1");
  row.bind(1, now_ms);
  return row.step() ? row.integer(0) : 0;
}

}  // namespace engine::journal
