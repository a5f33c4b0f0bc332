#include "engine/journal/migrations.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/journal/care/backup.h"
#include "engine/journal/connection.h"
#include "engine/journal/journal.h"

namespace engine::journal {

extern const char* const schema_sql;  // schema/*.sql, turned into a source file by CMake

namespace {

// What they build is compared with schema/*.sql by a test: a column added here stands last in its table there.
constexpr Migration migrations[] = {
    {2, R"sql(
ALTER TABLE journal ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN copied_ms INTEGER;
ALTER TABLE journal ADD COLUMN restored_ms INTEGER;
CREATE TABLE pause (
  kind TEXT NOT NULL, name TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, since_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, act TEXT NOT NULL,
  request TEXT NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL
) STRICT;
)sql"},
    {3, R"sql(
CREATE INDEX last_sent_by_match ON last_sent(pipeline_id, match) WHERE live = 1;
ALTER TABLE source_table ADD COLUMN renewing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pipeline ADD COLUMN layout_id INTEGER;
ALTER TABLE delivery ADD COLUMN look_ups TEXT;
ALTER TABLE delivery ADD COLUMN anomaly_id INTEGER;
DROP INDEX delivery_open_lane;
DROP INDEX delivery_open_key;
DROP INDEX delivery_open_also;
DROP INDEX delivery_due;
DROP INDEX delivery_uncertain;
DROP INDEX delivery_dead;
DROP INDEX delivery_by_key;
DROP INDEX attempt_by_delivery;
CREATE INDEX delivery_open_lane ON delivery(match, object, connection) WHERE (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain');
CREATE INDEX delivery_open_key ON delivery(pipeline_id, key) WHERE (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain');
CREATE INDEX delivery_open_also ON delivery(also_match, object, connection) WHERE also_match IS NOT NULL AND (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain');
CREATE INDEX delivery_due ON delivery(connection) WHERE state = 'pending';
CREATE INDEX delivery_uncertain ON delivery(connection) WHERE state IN ('in_flight', 'uncertain');
CREATE INDEX delivery_dead ON delivery(pipeline_id, key) WHERE state = 'dead';
CREATE INDEX delivery_in_anomaly ON delivery(anomaly_id) WHERE anomaly_id IS NOT NULL AND state = 'held';
CREATE INDEX delivery_by_key ON delivery(pipeline_id, key);
CREATE INDEX attempt_by_delivery ON attempt(delivery_id);
CREATE TABLE look_up (
  pipeline_id INTEGER NOT NULL, key TEXT NOT NULL, parent_id INTEGER NOT NULL, parent_key TEXT NOT NULL,
  remote_id TEXT NOT NULL, outdated INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (pipeline_id, key, parent_id, parent_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX look_up_by_parent ON look_up(parent_id, parent_key);
CREATE INDEX look_up_outdated ON look_up(pipeline_id) WHERE outdated = 1;
CREATE TABLE record_move (
  pipeline_id INTEGER NOT NULL, key TEXT NOT NULL, from_key TEXT NOT NULL, last_delivery_id INTEGER NOT NULL, PRIMARY KEY (pipeline_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_move_by_origin ON record_move(pipeline_id, from_key);
CREATE TABLE anomaly (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, pipeline_id INTEGER NOT NULL, cycle_id INTEGER NOT NULL,
  state TEXT NOT NULL, text TEXT NOT NULL, numbers TEXT NOT NULL, opened_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  closed_ms INTEGER, actor TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', stays_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX anomaly_open ON anomaly(pipeline_id, kind) WHERE state = 'open';
CREATE TABLE rejection (
  pipeline_id INTEGER NOT NULL, key TEXT NOT NULL, anomaly_id INTEGER NOT NULL, effect TEXT NOT NULL, fields TEXT NOT NULL,
  match TEXT, PRIMARY KEY (pipeline_id, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE effect_count (
  pipeline_id INTEGER NOT NULL, slot_ms INTEGER NOT NULL, anomaly_id INTEGER NOT NULL, inserts INTEGER NOT NULL,
  updates INTEGER NOT NULL, deletes INTEGER NOT NULL, PRIMARY KEY (pipeline_id, slot_ms, anomaly_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE rhythm (pipeline_id INTEGER PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT;
CREATE TABLE effect_hour (
  pipeline_id INTEGER NOT NULL, hour_ms INTEGER NOT NULL, anomaly_id INTEGER NOT NULL, inserts INTEGER NOT NULL, updates INTEGER NOT NULL,
  deletes INTEGER NOT NULL, most_inserts INTEGER NOT NULL, most_updates INTEGER NOT NULL, most_deletes INTEGER NOT NULL,
  PRIMARY KEY (pipeline_id, hour_ms, anomaly_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE verdict (
  pipeline_id INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, anomaly_id INTEGER
) STRICT;
CREATE TABLE expectation (
  id INTEGER PRIMARY KEY, pipeline_id INTEGER NOT NULL, inserts INTEGER NOT NULL, updates INTEGER NOT NULL, deletes INTEGER NOT NULL,
  announced_inserts INTEGER NOT NULL, announced_updates INTEGER NOT NULL, announced_deletes INTEGER NOT NULL, until_ms INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, made_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX expectation_by_pipeline ON expectation(pipeline_id);
CREATE TABLE budget_use (connection TEXT PRIMARY KEY, use TEXT NOT NULL, noted_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE echo (seq INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL) STRICT;
CREATE INDEX echo_by_delivery ON echo(delivery_id);
CREATE TABLE echo_position (table_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, delivery_id INTEGER NOT NULL) STRICT;
CREATE TABLE delivery_report (
  id INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL, connection TEXT NOT NULL, remote_id TEXT NOT NULL,
  status TEXT NOT NULL, recipient TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', at_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX delivery_report_once ON delivery_report(connection, remote_id, status);
CREATE INDEX delivery_report_by_delivery ON delivery_report(delivery_id);
CREATE TABLE inbound_message (
  id INTEGER PRIMARY KEY AUTOINCREMENT, connection TEXT NOT NULL, message_id TEXT NOT NULL, sender TEXT NOT NULL,
  kind TEXT NOT NULL, message TEXT NOT NULL, sent_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX inbound_message_once ON inbound_message(connection, message_id);
CREATE INDEX inbound_message_by_sender ON inbound_message(sender);
CREATE TABLE conversation (
  connection TEXT NOT NULL, party TEXT NOT NULL, heard_ms INTEGER NOT NULL, PRIMARY KEY (connection, party)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_by_party ON conversation(party);
CREATE TABLE row_place (table_id INTEGER NOT NULL, place INTEGER NOT NULL, key BLOB, PRIMARY KEY (table_id, place)) STRICT, WITHOUT ROWID;
CREATE TABLE range_backfill (
  table_id INTEGER PRIMARY KEY, first_key TEXT, first_encoded BLOB NOT NULL, last_key TEXT, at_key TEXT, pipelines TEXT NOT NULL,
  rows INTEGER NOT NULL, sent INTEGER NOT NULL, failed INTEGER NOT NULL, begun_ms INTEGER NOT NULL, ended_ms INTEGER, reason TEXT NOT NULL
) STRICT;
CREATE TABLE change_feed (
  connection TEXT NOT NULL, log TEXT NOT NULL, position TEXT NOT NULL, tables TEXT NOT NULL, PRIMARY KEY (connection, log)
) STRICT, WITHOUT ROWID;
CREATE TABLE fed_change (
  id INTEGER PRIMARY KEY AUTOINCREMENT, table_id INTEGER NOT NULL, key TEXT, source_transaction TEXT, source_time_ms INTEGER, source_user TEXT
) STRICT;
CREATE INDEX fed_change_by_table ON fed_change(table_id, id);
CREATE TABLE transaction_tie (
  cycle_id INTEGER NOT NULL, source_transaction TEXT NOT NULL, tied_to TEXT NOT NULL, PRIMARY KEY (cycle_id, source_transaction, tied_to)
) STRICT, WITHOUT ROWID;
ALTER TABLE decision ADD COLUMN anomaly_id INTEGER;
CREATE INDEX decision_by_delivery ON decision(delivery_id);
CREATE TABLE snooze (anomaly_id INTEGER PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT;
CREATE TABLE bundle (
  id INTEGER PRIMARY KEY, pipeline_id INTEGER NOT NULL, cycle_id INTEGER NOT NULL, source_transaction TEXT NOT NULL, state TEXT NOT NULL,
  changes INTEGER NOT NULL, created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX bundle_by_cycle ON bundle(pipeline_id, cycle_id);
CREATE INDEX bundle_waiting ON bundle(pipeline_id, source_transaction) WHERE state = 'waiting';
ALTER TABLE delivery ADD COLUMN bundle_id INTEGER;
ALTER TABLE delivery ADD COLUMN settle_by_ms INTEGER;
ALTER TABLE delivery ADD COLUMN waits TEXT;
ALTER TABLE delivery ADD COLUMN drift TEXT;
CREATE INDEX delivery_by_bundle ON delivery(bundle_id) WHERE bundle_id IS NOT NULL;
)sql"},
};

std::int64_t version_of(Connection& connection) {
  Statement statement = connection.prepare("PRAGMA user_version");
  statement.step();
  return statement.integer(0);
}

bool has(Connection& connection, const char* sql) { return connection.prepare(sql).step(); }

bool is_empty(Connection& connection) { return !has(connection, "SELECT 1 FROM sqlite_schema"); }

void require_journal(Connection& connection) {
  if (has(connection, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'journal'")) return;
  throw Error(ErrorCode::journal_failed,
              fmt::format("{} is an SQLite database, but not a journal of Datapicker", connection.path()),
              {{"journal", connection.path()}}, "Check `journal:` in datapicker.yaml.");
}

[[noreturn]] void refuse_newer(const std::string& path, std::int64_t found, int known) {
  throw Error(
      ErrorCode::journal_failed,
      fmt::format("the journal {} has schema version {}, this program knows versions up to {}", path, found, known),
      {{"journal", path}},
      "Run the program that wrote it, or put back the backup it made before migrating: "
      "JOURNAL.backup-vN-TIME beside the journal.");
}

/// Runs `body` in a transaction; nothing of it stays when it throws.
template <typename Body>
void in_transaction(Connection& connection, const Body& body) {
  connection.execute("BEGIN IMMEDIATE");
  try {
    body();
    connection.execute("COMMIT");
  } catch (...) {
    connection.settle();
    throw;
  }
}

void create(Connection& connection, const Schema& schema) {
  in_transaction(connection, [&] {
    connection.execute(schema.create);
    const std::string id = random_journal_id();
    connection.prepare("INSERT INTO journal (id, created_ms, created_by) VALUES (?, ?, ?)")
        .bind(1, id)
        .bind(2, system_clock().wall_ms())
        .bind(3, DATAPICKER_VERSION)
        .run();
  });
}

void migrate(Connection& connection, std::int64_t from, const Schema& schema) {
  const std::time_t now = std::time(nullptr);
  Backup backup(connection, fmt::format("{}.backup-v{}-{:%Y%m%dT%H%M%SZ}", connection.path(), from, fmt::gmtime(now)));
  while (backup.step(-1)) continue;
  backup.finish();
  in_transaction(connection, [&] {
    for (const Migration& migration : schema.migrations) {
      if (migration.to <= from) continue;
      ENGINE_ASSERT(migration.to == from + 1);
      connection.execute(migration.sql);
      from = migration.to;
    }
    ENGINE_ASSERT(from == schema.version);
    connection.execute(fmt::format("PRAGMA user_version = {}", from));
  });
}

}  // namespace

std::string random_journal_id() {
  unsigned char bytes[16];
  ENGINE_ASSERT(getrandom(bytes, sizeof bytes, 0) == static_cast<ssize_t>(sizeof bytes));
  return hex({reinterpret_cast<const char*>(bytes), sizeof bytes});
}

const Schema& current_schema() {
  static const Schema schema{schema_version, schema_sql, migrations};
  return schema;
}

void bring_up_to_date(Connection& connection, const Schema& schema) {
  if (is_empty(connection)) return create(connection, schema);
  require_journal(connection);
  const std::int64_t version = version_of(connection);
  if (version > schema.version) refuse_newer(connection.path(), version, schema.version);
  if (version < schema.version) migrate(connection, version, schema);
}

void require_version(Connection& connection, int version) {
  require_journal(connection);
  const std::int64_t found = version_of(connection);
  if (found > version) refuse_newer(connection.path(), found, version);
  if (found == version) return;
  throw Error(ErrorCode::journal_failed,
              fmt::format("the journal {} has the older schema version {}, not {}", connection.path(), found, version),
              {{"journal", connection.path()}}, "Start the daemon once: it migrates the journal after a backup.");
}

std::string journal_id(Connection& connection) {
  Statement statement = connection.prepare("SELECT id FROM journal");
  if (!statement.step()) {
    throw Error(ErrorCode::journal_failed, fmt::format("the journal {} has lost its identity", connection.path()),
                {{"journal", connection.path()}}, "Put back the last backup.");
  }
  return std::string(statement.text(0));
}

}  // namespace engine::journal
