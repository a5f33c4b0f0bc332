// What goes wrong has the right code, and a short read is never taken for a complete one.
#include <chrono>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "connectors/odbc/diagnostics.h"
#include "connectors/odbc/odbc_source.h"
#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

using engine::Error;
using engine::ErrorCode;
using engine::model::RowBatch;
using engine::model::TableRequest;
using odbc_test::Database;

namespace {

template <class Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::stopped, "nothing went wrong");
}

std::string with(std::string text, const std::string& key, const std::string& value) {
  const std::size_t at = text.find(key + "=") + key.size() + 1;
  return text.replace(at, text.find(';', at) - at, value);
}

std::unique_ptr<engine::model::Source> source_with(const Database& db, const std::string& odbc) {
  auto connection = db.connection();
  connection.odbc = engine::Secret(odbc);
  connection.connect_timeout_ms = 3000;
  return connectors::odbc::make_odbc_source(connection, db.dialect());
}

/// Ends all connections of the user but the one that asks.
void end_other_connections(Database& db) {
  if (db.is("postgresql")) {
    db.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()");
    return;
  }
  const std::string mine = db.ask("SELECT connection_id()");
  while (true) {
    const std::string other = db.ask(
        fmt::format("SELECT coalesce(max(id), 0) FROM information_schema.processlist WHERE user = 'datapicker' AND command <> 'Killed' AND id <> {}", mine));
    if (other == "0") return;
    db.try_run("KILL " + other);
  }
}

void fill(Database& db, int rows) {
  db.create("f", "k INTEGER PRIMARY KEY, v VARCHAR(200)");
  for (int first = 1; first <= rows; first += 1000) {
    std::string values;
    for (int i = first; i < first + 1000; ++i) values += fmt::format("{}({}, '{}')", i == first ? "" : ",", i, std::string(180, 'x'));
    db.run("INSERT INTO f VALUES " + values);
  }
}

const TableRequest f{"f", "", {"k"}, {}};
const TableRequest anything{"", "SELECT 1 AS k", {"k"}, {}};

}  // namespace

TEST_CASE("a wrong password is refused, and stands in no message") {
  for (const auto& db : odbc_test::databases()) {
    if (db->is("sqlite")) continue;
    CAPTURE(db->kind());
    const auto source = source_with(*db, with(db->connection().odbc.reveal(), "PWD", "wrong-Pa55word"));
    const Error error = error_of([&] { source->describe(anything); });
    CHECK(error.code() == ErrorCode::source_refused);
    CHECK(std::string(error.what()).find("wrong-Pa55word") == std::string::npos);
    CHECK_FALSE(error.context().empty());
  }
}

TEST_CASE("a server that is not there is unreachable") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    const std::string odbc = db->connection().odbc.reveal();
    const auto source = source_with(*db, db->is("sqlite") ? with(odbc, "Database", "/tmp/no/such/folder/erp.db") : with(odbc, "Port", "1"));
    CHECK(error_of([&] { source->describe(anything); }).code() == ErrorCode::source_unreachable);
  }
}

TEST_CASE("a missing database is refused, a missing driver is the environment's fault") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    const std::string odbc = db->connection().odbc.reveal();
    CHECK(error_of([&] { source_with(*db, with(odbc, "Driver", "No Such Driver"))->describe(anything); }).code() == ErrorCode::environment_missing);
    if (db->is("sqlite")) continue;
    CHECK(error_of([&] { source_with(*db, with(odbc, "Database", "no_such_database"))->describe(anything); }).code() == ErrorCode::source_refused);
  }
}

TEST_CASE("a connection lost between chunks is unreachable, and the source works again after close") {
  for (const auto& db : odbc_test::databases()) {
    if (db->is("sqlite")) continue;
    CAPTURE(db->kind());
    fill(*db, 3000);
    const auto source = db->source();
    const auto shape = source->describe(f);
    RowBatch batch;
    const auto first = source->open_range(f, shape, {}, 1000);
    REQUIRE(first->next(batch));
    const auto last = batch.source_key(batch.rows() - 1);
    end_other_connections(*db);
    const Error lost = error_of([&] { odbc_test::rows_of(*source->open_range(f, shape, {.after = last}, 1000)); });
    CAPTURE(std::string(lost.what()));
    CHECK(lost.code() == ErrorCode::source_unreachable);
    source->close();
    CHECK(odbc_test::rows_of(*source->open_range(f, shape, {.after = last}, 5000)).size() == 2000);
  }
}

TEST_CASE("a connection lost in the middle of a streamed read is no end of it") {
  Database* db = odbc_test::database("postgresql");
  if (db == nullptr) return;
  fill(*db, 50'000);
  const auto source = db->source();
  const auto shape = source->describe(f);
  const auto stream = source->open_whole(f, shape);
  RowBatch batch;
  REQUIRE(stream->next(batch));
  end_other_connections(*db);
  const Error error = error_of([&] {
    while (stream->next(batch)) {
    }
  });
  CHECK(error.code() == ErrorCode::source_unreachable);
}

TEST_CASE("a statement that runs too long is cancelled, by the server or by the watchdog") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    const std::string slow = db->is("postgresql") ? "SELECT 1 AS k, CAST(pg_sleep(20) AS text) AS s"
                             : db->is("mariadb")  ? "SELECT 1 AS k, sleep(20) AS s"
                                                  : "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n) SELECT max(k) AS k FROM n";
    for (const bool server_helps : {true, false}) {
      if (db->is("sqlite") && server_helps) continue;
      CAPTURE(server_helps);
      auto connection = db->connection();
      auto dialect = db->dialect();
      if (!server_helps) dialect.session.clear();
      const auto quick = connectors::odbc::make_odbc_source(connection, dialect);
      const TableRequest table{"", slow, {"k"}, {}};
      engine::model::TableShape shape;
      shape.layout.columns = {{"k", engine::model::ColumnType::integer, 10, 0, true, "int"}};
      shape.layout.key = {0};
      connection.query_timeout_ms = server_helps ? 1000 : 400;
      const auto source = connectors::odbc::make_odbc_source(connection, dialect);
      const auto start = std::chrono::steady_clock::now();
      const TableRequest with_sleep{"", db->is("sqlite") ? slow : "SELECT q.* FROM (" + slow + ") q WHERE q.s IS NOT NULL", {"k"}, {}};
      CHECK(error_of([&] { odbc_test::rows_of(*source->open_whole(with_sleep, shape)); }).code() == ErrorCode::source_busy);
      CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(8));
    }
  }
}

TEST_CASE("a locked SQLite database is busy") {
  Database* db = odbc_test::database("sqlite");
  db->create("f", "k INTEGER PRIMARY KEY");
  auto connection = db->connection();
  connection.odbc = engine::Secret(connection.odbc.reveal() + ";Timeout=50");
  const auto source = connectors::odbc::make_odbc_source(connection, db->dialect());
  const auto shape = source->describe(f);
  db->run("BEGIN EXCLUSIVE");
  const Error error = error_of([&] { odbc_test::rows_of(*source->open_range(f, shape, {}, 5)); });
  db->run("COMMIT");
  CHECK(error.code() == ErrorCode::source_busy);
}

TEST_CASE("a source only reads") {
  for (const auto& db : odbc_test::databases()) {
    if (!db->is("postgresql")) continue;  // the others take no writing statement inside a SELECT
    db->create("f", "k INTEGER PRIMARY KEY");
    db->try_run("DROP SEQUENCE s");
    db->run("CREATE SEQUENCE s");
    const auto source = db->source();
    engine::model::TableShape shape;
    shape.layout.columns = {{"k", engine::model::ColumnType::integer, 10, 0, true, "int8"}};
    shape.layout.key = {0};
    const TableRequest writing{"", "SELECT nextval('s') AS k", {"k"}, {}};
    CHECK(error_of([&] { odbc_test::rows_of(*source->open_whole(writing, shape)); }).code() != ErrorCode::stopped);
  }
}

TEST_CASE("what a driver tells in several lines is one line") {
  const std::vector<connectors::odbc::Diagnostic> told{{.sqlstate = "08001", .native = 101, .message = "connection refused\n\tIs the server running?\r\n"}};
  const Error error = connectors::odbc::error_of(told, {}, "erp", "connecting");
  CHECK(error.code() == ErrorCode::source_unreachable);
  CHECK(std::string(error.what()) == "source 'erp' cannot be reached while connecting: connection refused Is the server running?");
}
