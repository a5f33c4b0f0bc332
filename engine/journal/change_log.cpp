#include "engine/journal/change_log.h"

#include <algorithm>

#include "engine/journal/connection.h"

namespace engine::journal {
namespace {

#define CHANGE_COLUMNS                                                                                     \
  "SELECT seq, table_id, layout_id, cycle_id, key, operation, after, before, changed, source_transaction," \
  " source_time_ms, source_user, captured_ms FROM change "

model::Change read_change(const Statement& row) {
  return {.seq = row.integer(0),
          .table_id = row.integer(1),
          .layout_id = row.integer(2),
          .cycle_id = row.integer(3),
          .key = std::string(row.text(4)),
          .operation = model::operation_of(row.text(5)),
          .after = row.optional_text(6),
          .before = row.optional_text(7),
          .changed_columns = std::string(row.text(8)),
          .source_transaction = row.optional_text(9),
          .source_time_ms = row.optional_integer(10),
          .source_user = row.optional_text(11),
          .captured_ms = row.integer(12)};
}

std::vector<model::Change> read_all(Statement& row) {
  std::vector<model::Change> changes;
  while (row.step()) changes.push_back(read_change(row));
  return changes;
}

}  // namespace

std::int64_t ChangeLog::append(const model::Change& change) {
  connection_
      .prepare(
          "INSERT INTO change (table_id, layout_id, cycle_id, key, operation, after, before, changed,"
          " source_transaction, source_time_ms, source_user, captured_ms)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(1, change.table_id)
      .bind(2, change.layout_id)
      .bind(3, change.cycle_id)
      .bind(4, change.key)
      .bind(5, model::name_of(change.operation))
      .bind(6, change.after)
      .bind(7, change.before)
      .bind(8, change.changed_columns)
      .bind(9, change.source_transaction)
      .bind(10, change.source_time_ms)
      .bind(11, change.source_user)
      .bind(12, change.captured_ms)
      .run();
  return connection_.last_row_id();
}

std::int64_t ChangeLog::reserve_seq() {
  // The row is there from the first change on.
  connection_
      .prepare(
          "INSERT INTO sqlite_sequence (name, seq) SELECT 'change', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence "
          "WHERE name = 'change')")
      .run();
  Statement next = connection_.prepare("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'change' RETURNING seq");
  next.step();
  const std::int64_t seq = next.integer(0);
  while (next.step()) continue;
  return seq;
}

std::int64_t ChangeLog::last_seq() {
  // Not max(seq): positions in the log stay valid when all changes before them were compacted away.
  Statement row = connection_.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'change'");
  return row.step() ? row.integer(0) : 0;
}

std::vector<model::Change> ChangeLog::after(std::int64_t table_id, std::int64_t after_seq, std::size_t limit) {
  Statement row = connection_.prepare(
      CHANGE_COLUMNS "INDEXED BY change_by_table WHERE table_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3");
  row.bind(1, table_id).bind(2, after_seq).bind(3, static_cast<std::int64_t>(limit));
  return read_all(row);
}

std::vector<model::Change> ChangeLog::page(std::int64_t after_seq, std::size_t limit, bool newest) {
  Statement row = connection_.prepare(newest ? CHANGE_COLUMNS "WHERE seq > ?1 ORDER BY seq DESC LIMIT ?2"
                                             : CHANGE_COLUMNS "WHERE seq > ?1 ORDER BY seq LIMIT ?2");
  row.bind(1, after_seq).bind(2, static_cast<std::int64_t>(limit));
  std::vector<model::Change> changes = read_all(row);
  if (newest) std::reverse(changes.begin(), changes.end());
  return changes;
}

std::vector<model::Change> ChangeLog::newest(std::int64_t table_id, std::size_t limit) {
  Statement row = connection_.prepare(
      CHANGE_COLUMNS "INDEXED BY change_by_table WHERE table_id = ?1 ORDER BY seq DESC LIMIT ?2");
  row.bind(1, table_id).bind(2, static_cast<std::int64_t>(limit));
  std::vector<model::Change> changes = read_all(row);
  std::reverse(changes.begin(), changes.end());
  return changes;
}

std::vector<model::Change> ChangeLog::of_key(std::int64_t table_id, const std::string& key, std::size_t limit,
                                             std::int64_t seq_max) {
  Statement row = connection_.prepare(
      CHANGE_COLUMNS "WHERE table_id = ?1 AND key = ?2 AND seq <= ?3 ORDER BY seq DESC LIMIT ?4");
  row.bind(1, table_id).bind(2, key).bind(3, seq_max).bind(4, static_cast<std::int64_t>(limit));
  std::vector<model::Change> changes = read_all(row);
  std::reverse(changes.begin(), changes.end());
  return changes;
}

std::optional<model::Change> ChangeLog::find(std::int64_t seq) {
  Statement row = connection_.prepare(CHANGE_COLUMNS "WHERE seq = ?1");
  if (!row.bind(1, seq).step()) return std::nullopt;
  return read_change(row);
}

std::optional<std::int64_t> ChangeLog::cycle_after(std::int64_t table_id, std::int64_t after_seq) {
  Statement row = connection_.prepare(
      "SELECT cycle_id FROM change INDEXED BY change_by_table WHERE table_id = ?1 AND seq > ?2 ORDER BY seq LIMIT 1");
  row.bind(1, table_id).bind(2, after_seq);
  return row.step() ? row.optional_integer(0) : std::nullopt;
}

void ChangeLog::outline(std::int64_t table_id, std::int64_t after_seq, const std::function<void(std::int64_t seq, std::string_view transaction)>& each) {
  Statement row = connection_.prepare(
      "SELECT seq, cycle_id, source_transaction FROM change INDEXED BY change_by_table WHERE table_id = ?1 AND seq > ?2 ORDER BY seq");
  row.bind(1, table_id).bind(2, after_seq);
  std::optional<std::int64_t> cycle;
  while (row.step()) {
    if (!cycle) cycle = row.integer(1);
    if (row.integer(1) != cycle) return;
    each(row.integer(0), row.is_null(2) ? std::string_view() : row.text(2));
  }
}

std::optional<std::int64_t> ChangeLog::captured_ms_after(std::int64_t table_id, std::int64_t after_seq) {
  Statement row = connection_.prepare(
      "SELECT captured_ms FROM change INDEXED BY change_by_table WHERE table_id = ?1 AND seq > ?2 ORDER BY seq LIMIT 1");
  row.bind(1, table_id).bind(2, after_seq);
  return row.step() ? row.optional_integer(0) : std::nullopt;
}

std::int64_t ChangeLog::count_rows(std::int64_t table_id, std::int64_t first_seq, std::int64_t last_seq) {
  Statement row = connection_.prepare(
      "SELECT count(DISTINCT key) FROM change INDEXED BY change_by_table WHERE table_id = ?1 AND seq BETWEEN ?2 AND ?3");
  row.bind(1, table_id).bind(2, first_seq).bind(3, last_seq).step();
  return row.integer(0);
}

std::int64_t ChangeLog::count_after(std::int64_t table_id, std::int64_t after_seq) {
  Statement row =
      connection_.prepare("SELECT count(*) FROM change INDEXED BY change_by_table WHERE table_id = ?1 AND seq > ?2");
  row.bind(1, table_id).bind(2, after_seq).step();
  return row.integer(0);
}

}  // namespace engine::journal
