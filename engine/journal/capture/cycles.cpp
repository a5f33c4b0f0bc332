#include "engine/journal/capture/cycles.h"

#include "engine/journal/connection.h"

namespace engine::journal {
namespace {

#define CYCLE_COLUMNS \
  "SELECT id, table_id, kind, state, started_ms, ended_ms, rows_read, inserts, updates, deletes FROM cycle "

Cycle read_cycle(const Statement& row) {
  return {.id = row.integer(0),
          .table_id = row.integer(1),
          .kind = std::string(row.text(2)),
          .state = std::string(row.text(3)),
          .started_ms = row.integer(4),
          .ended_ms = row.optional_integer(5),
          .rows_read = row.integer(6),
          .inserts = row.integer(7),
          .updates = row.integer(8),
          .deletes = row.integer(9)};
}

}  // namespace

std::optional<Cycle> Cycles::open_of(std::int64_t table_id) {
  Statement row = connection_.prepare(CYCLE_COLUMNS "WHERE table_id = ?1 AND state = 'open' ORDER BY id DESC LIMIT 1");
  if (!row.bind(1, table_id).step()) return std::nullopt;
  return read_cycle(row);
}

std::int64_t Cycles::start(std::int64_t table_id, const std::string& kind, std::int64_t now_ms) {
  connection_.prepare("INSERT INTO cycle (table_id, kind, state, started_ms) VALUES (?, ?, 'open', ?)")
      .bind(1, table_id)
      .bind(2, kind)
      .bind(3, now_ms)
      .run();
  return connection_.last_row_id();
}

void Cycles::add(std::int64_t cycle_id, std::int64_t rows_read, std::int64_t inserts, std::int64_t updates,
                 std::int64_t deletes) {
  connection_
      .prepare(
          "UPDATE cycle SET rows_read = rows_read + ?2, inserts = inserts + ?3, updates = updates + ?4,"
          " deletes = deletes + ?5 WHERE id = ?1")
      .bind(1, cycle_id)
      .bind(2, rows_read)
      .bind(3, inserts)
      .bind(4, updates)
      .bind(5, deletes)
      .run();
}

void Cycles::close(std::int64_t cycle_id, std::int64_t now_ms) {
  connection_.prepare("UPDATE cycle SET state = 'closed', ended_ms = ?2 WHERE id = ?1")
      .bind(1, cycle_id)
      .bind(2, now_ms)
      .run();
}

std::optional<Cycle> Cycles::find(std::int64_t cycle_id) {
  Statement row = connection_.prepare(CYCLE_COLUMNS "WHERE id = ?1");
  if (!row.bind(1, cycle_id).step()) return std::nullopt;
  return read_cycle(row);
}

void Cycles::tie(std::int64_t cycle_id, const std::string& source_transaction, const std::string& tied_to) {
  connection_.prepare("INSERT OR IGNORE INTO transaction_tie (cycle_id, source_transaction, tied_to) VALUES (?, ?, ?)")
      .bind(1, cycle_id)
      .bind(2, source_transaction)
      .bind(3, tied_to)
      .run();
}

std::vector<std::pair<std::string, std::string>> Cycles::ties(std::int64_t cycle_id) {
  Statement row = connection_.prepare("SELECT source_transaction, tied_to FROM transaction_tie WHERE cycle_id = ?");
  row.bind(1, cycle_id);
  std::vector<std::pair<std::string, std::string>> ties;
  while (row.step()) ties.emplace_back(row.text(0), row.text(1));
  return ties;
}

std::vector<Cycle> Cycles::latest(std::int64_t table_id, std::size_t limit) {
  Statement row = connection_.prepare(CYCLE_COLUMNS "WHERE table_id = ?1 ORDER BY id DESC LIMIT ?2");
  row.bind(1, table_id).bind(2, static_cast<std::int64_t>(limit));
  std::vector<Cycle> cycles;
  while (row.step()) cycles.push_back(read_cycle(row));
  return cycles;
}

}  // namespace engine::journal
