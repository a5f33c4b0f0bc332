// What is peculiar to one database: values that its driver would change on the way.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "connectors/odbc/odbc_source.h"
#include "connectors/odbc/rows/row_stream.h"
#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

using engine::Error;
using engine::ErrorCode;
using engine::model::ColumnType;
using engine::model::TableRequest;
using odbc_test::Database;
using odbc_test::read_chunks;
using odbc_test::Row;

namespace {

const TableRequest q{"q", "", {"id"}, {}};

std::vector<Row> rows(Database& db) { return read_chunks(*db.source(), q, 100); }

Error refusal(Database& db) {
  try {
    rows(db);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::stopped, "nothing was refused");
}

std::string context_of(const Error& error, std::string_view name) {
  for (const auto& [key, value] : error.context()) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("PostgreSQL: infinity stays infinity, instants arrive in UTC, UUIDs in lower case, JSON and arrays as text") {
  Database* db = odbc_test::database("postgresql");
  if (db == nullptr) return;
  db->create("q", "id INTEGER PRIMARY KEY, ts TIMESTAMP, d DATE, tz TIMESTAMPTZ, u UUID, j JSONB, a INT[], m MONEY, n NUMERIC, f REAL");
  db->run("INSERT INTO q VALUES (1, 'infinity', '-infinity', '2026-07-01 10:00:00.25+02', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{\"a\": 1}', '{1,2}', 12.5,"
          " 123456789012345678901234567890123456789012345678901234567890.000000000000000000001, 0.1)");
  CHECK(rows(*db) == std::vector<Row>{{"1", "infinity", "-infinity", "2026-07-01 08:00:00.25", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{\"a\": 1}", "{1,2}", "12.50",
                                       "123456789012345678901234567890123456789012345678901234567890.000000000000000000001", "0.1"}});
}

TEST_CASE("PostgreSQL: what has no canonical form is refused by column and key, not bent") {
  Database* db = odbc_test::database("postgresql");
  if (db == nullptr) return;
  for (const char* value : {"'0044-03-15 BC'", "'12026-01-01'"}) {
    db->create("q", "id INTEGER PRIMARY KEY, d DATE");
    db->run(fmt::format("INSERT INTO q VALUES (1, '2026-01-01'), (77, {})", value));
    const Error error = refusal(*db);
    CHECK(error.code() == ErrorCode::source_bad_data);
    CHECK(context_of(error, "column") == "d");
    CHECK(context_of(error, "key") == "77");
  }
}

TEST_CASE("PostgreSQL: a chunk uses the index, whatever the key's type") {
  Database* db = odbc_test::database("postgresql");
  if (db == nullptr) return;
  for (const char* type : {"INTEGER", "BIGINT", "NUMERIC(12,2)", "CHAR(8)", "VARCHAR(20)", "TEXT", "DATE", "TIMESTAMP", "TIMESTAMPTZ"}) {
    CAPTURE(type);
    const std::string value = std::string(type).starts_with("DATE") || std::string(type).starts_with("TIME") ? "date '2000-01-01' + g" : fmt::format("CAST(g AS {})", type);
    db->create("q", fmt::format("id {} PRIMARY KEY, v TEXT", type));
    db->run(fmt::format("INSERT INTO q SELECT {}, repeat('x', 100) FROM generate_series(1, 20000) g", value));
    db->run("ANALYZE q");
    const auto source = db->source();
    const auto shape = source->describe(q);
    auto stream = source->open_range(q, shape, {}, 10);
    engine::model::RowBatch batch;
    REQUIRE(stream->next(batch));
    const auto key = batch.source_key(5);
    const auto scans = [&] { return db->ask("SELECT pg_stat_force_next_flush()"), db->ask("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'q'"); };
    const std::string before = scans();
    CHECK(odbc_test::rows_of(*source->open_range(q, shape, {.after = key}, 10)).size() == 10);
    source->close();  // a backend that ends has told its statistics
    CHECK(scans() == before);
  }
}

TEST_CASE("MariaDB: zero dates, durations, unsigned and bit columns arrive as they are") {
  Database* db = odbc_test::database("mariadb");
  if (db == nullptr) return;
  db->run("SET SESSION sql_mode = ''");
  db->create("q", "id INTEGER PRIMARY KEY, d DATE, dt DATETIME, tm TIME(3), u BIGINT UNSIGNED, b BIT(1), ts TIMESTAMP(3) NULL, y YEAR, f FLOAT, e ENUM('a','b')");
  db->run("SET SESSION time_zone = '+02:00'");
  db->run("INSERT INTO q VALUES (1, '0000-00-00', '2026-02-00 00:00:00', '-838:59:59.5', 18446744073709551615, b'1', '2026-07-01 10:00:00.25', 2026, 0.1, 'b'),"
          " (2, '2026-01-01', '2026-01-01 01:02:03', '01:02:03', 0, b'0', NULL, 1999, -2.5, 'a')");
  db->run("SET SESSION time_zone = '+00:00'");
  CHECK(rows(*db) == std::vector<Row>{{"1", "0000-00-00", "2026-02-00 00:00:00", "-838:59:59.5", "18446744073709551615", "1", "2026-07-01 08:00:00.25", "2026", "0.1", "b"},
                                      {"2", "2026-01-01", "2026-01-01 01:02:03", "01:02:03", "0", "0", {}, "1999", "-2.5", "a"}});
}

TEST_CASE("SQLite: declared types decide, decimals are exact digits, dates are the text that is stored") {
  Database* db = odbc_test::database("sqlite");
  db->create("q", "id INTEGER PRIMARY KEY, n NUMERIC(12,2), d DECIMAL(10,4), dt DATE, ts TIMESTAMP, b BOOLEAN, free, r REAL");
  db->run("INSERT INTO q VALUES (1, 1234.5, 0.1, '2026-01-01', 18262, 1, 'x', 0.1), (2, 7, 1e20, 'soon', 'T', 0, 5, 0.30000000000000004), (3, 0.1 + 0.2, -0.0, NULL, NULL, NULL, 1.5, 2)");
  const auto source = db->source();
  const auto layout = source->describe(q).layout;
  CHECK(layout.columns[1].type == ColumnType::decimal);
  CHECK(layout.columns[3].type == ColumnType::text);
  CHECK(read_chunks(*source, q, 10) == std::vector<Row>{{"1", "1234.5", "0.1", "2026-01-01", "18262", "1", "x", "0.1"},
                                                        {"2", "7", "100000000000000000000", "soon", "T", "0", "5", "0.30000000000000004"},
                                                        {"3", "0.30000000000000004", "0", {}, {}, {}, "1.5", "2"}});
}

TEST_CASE("SQLite: a value that is not of its column's type is refused by column and key") {
  Database* db = odbc_test::database("sqlite");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"INTEGER", "'abc'"}, {"INTEGER", "1.5"}, {"INTEGER", "''"}, {"NUMERIC(5,2)", "'x'"}, {"REAL", "'x'"}, {"BOOLEAN", "'yes'"}, {"INTEGER", "x'00'"}};
  for (const auto& each : cases) {
    const auto& type = each.first;
    const auto& value = each.second;
    CAPTURE(type);
    CAPTURE(value);
    db->create("q", fmt::format("id VARCHAR(5) PRIMARY KEY, v {}", type));
    db->run(fmt::format("INSERT INTO q VALUES ('ok', 1), ('odd', {})", value));
    const Error error = refusal(*db);
    CHECK(error.code() == ErrorCode::source_bad_data);
    CHECK(context_of(error, "column") == "v");
    CHECK(context_of(error, "key") == "odd");
  }
}

TEST_CASE("SQLite: floats that differ never look alike") {
  Database* db = odbc_test::database("sqlite");
  db->create("q", "id INTEGER PRIMARY KEY, r REAL");
  std::vector<double> values;
  std::uint64_t state = 42;
  for (int i = 1; i <= 400; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const double base = static_cast<double>(state >> 11) / 9007199254740992.0 * (i % 4 == 0 ? 1e12 : i % 4 == 1 ? 1e-6 : 1.0);
    values.push_back(base);
    db->run(fmt::format("INSERT INTO q VALUES ({}, {:.17g})", i, base));
  }
  const auto read = rows(*db);
  REQUIRE(read.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(std::stod(*read[i][1]) == values[i]);
}

TEST_CASE("a driver that cannot read a cut cell inside an array: the table is read row by row from then on") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    // SQLite does not hold to described lengths; elsewhere the description is made to lie.
    db->create("q", "id INTEGER PRIMARY KEY, v VARCHAR(2000)");
    db->run(fmt::format("INSERT INTO q VALUES (1, 'a'), (2, '{}'), (3, 'b')", std::string(1500, 'l')));
    auto dialect = db->dialect();
    dialect.rows_per_fetch = 100;
    dialect.reread_in_array = false;
    const auto source = connectors::odbc::make_odbc_source(db->connection(), dialect);
    auto shape = source->describe(q);
    shape.layout.columns[1].size = 10;
    CHECK_THROWS_AS(odbc_test::rows_of(*source->open_range(q, shape, {}, 10)), const Error&);
    const auto all = odbc_test::rows_of(*source->open_range(q, shape, {}, 10));
    REQUIRE(all.size() == 3);
    CHECK(all[1][1] == std::string(1500, 'l'));
  }
}

TEST_CASE("columns that are not bound but read one by one give the same rows, keys behind long values too") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("q", fmt::format("a {0}, n INTEGER, r DOUBLE PRECISION, b {0}, id CHAR(8) NOT NULL PRIMARY KEY", db->is("mariadb") ? "LONGTEXT" : "TEXT"));
    const std::string long_text(20'000, 'z');
    db->run(fmt::format("INSERT INTO q VALUES ('{}', 5, 0.5, '', 'k1'), (NULL, NULL, NULL, '{}', 'k2'), ('x', -5, NULL, NULL, 'k3')", long_text, long_text));
    const auto source = db->source();
    const auto shape = source->describe(q);
    const auto expected = read_chunks(*source, q, 10);
    REQUIRE(expected.size() == 3);
    CHECK(expected[0] == Row{long_text, "5", "0.5", "", "k1"});
    // As for a driver that offers nothing beyond the standard's core: all columns by SQLGetData, in order.
    const auto connection = db->connection();
    const auto dialect = db->dialect();
    const auto session = std::make_shared<connectors::odbc::Session>(connection, dialect, connectors::odbc::SessionUse::read);
    const connectors::odbc::StatementText text(q, dialect);
    const auto plan = connectors::odbc::plan_read(shape.layout, dialect, connection.char_padding, false, true);
    REQUIRE(plan.bound == 0);
    const auto read = std::make_shared<connectors::odbc::PreparedRead>(session, text.range(shape.layout, {}, 10), plan, connectors::odbc::key_plan(plan, shape.layout));
    read->execute({});
    connectors::odbc::OdbcRowStream stream(read, shape.layout, {"q", std::nullopt, 10, {}});
    engine::model::RowBatch batch;
    REQUIRE(stream.next(batch));
    REQUIRE(batch.rows() == 3);
    CHECK(batch.source_key(1).parts[0].starts_with("k2"));
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::size_t column = 0; column < 5; ++column) {
        CHECK(batch.row(row).is_null(column) == !expected[row][column].has_value());
        CHECK(batch.row(row).text(column) == expected[row][column].value_or(""));
      }
    }
    CHECK_FALSE(stream.next(batch));
  }
}

TEST_CASE("the generic dialect reads dates through ODBC's structs, and pages by them") {
  Database* db = odbc_test::database("postgresql");
  if (db == nullptr) return;
  db->create("q", "id TIMESTAMP(6) PRIMARY KEY, d DATE, tm TIME(6), n NUMERIC(9,2), t TEXT");
  db->run("INSERT INTO q VALUES ('2026-01-31 10:00:00', '2026-02-28', '08:15:30.5', 1.50, 'a'), ('2026-01-31 10:00:00.000001', NULL, NULL, NULL, NULL),"
          " ('2026-01-31 10:00:00.5', '1900-01-01', '00:00:00', -0.01, '')");
  const auto source = connectors::odbc::make_odbc_source(db->connection(), odbc_test::shipped_dialect("generic"));
  for (const std::size_t limit : {1, 2, 100}) {
    CHECK(read_chunks(*source, q, limit) == std::vector<Row>{{"2026-01-31 10:00:00", "2026-02-28", "08:15:30.5", "1.50", "a"},
                                                             {"2026-01-31 10:00:00.000001", {}, {}, {}, {}},
                                                             {"2026-01-31 10:00:00.5", "1900-01-01", "00:00:00", "-0.01", ""}});
  }
}

TEST_CASE("a database whose statements cannot be limited is read in chunks all the same") {
  Database* db = odbc_test::database("sqlite");
  db->create("q", "id INTEGER PRIMARY KEY, v INTEGER");
  for (int i = 1; i <= 25; ++i) db->run(fmt::format("INSERT INTO q VALUES ({0}, {0})", i));
  auto dialect = db->dialect();
  dialect.limit.clear();
  const auto source = connectors::odbc::make_odbc_source(db->connection(), dialect);
  CHECK(read_chunks(*source, q, 10).size() == 25);
}
