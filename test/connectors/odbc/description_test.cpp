// describe(): columns, keys, indexes, and what a mistake in the definition is told.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "connectors/odbc/odbc_source.h"
#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

using engine::Error;
using engine::ErrorCode;
using engine::model::TableRequest;
using odbc_test::Row;

namespace {

Error refusal(engine::model::Source& source, const TableRequest& table) {
  try {
    source.describe(table);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::stopped, "nothing was refused");
}

}  // namespace

TEST_CASE("columns come in the table's order without the excluded ones, the key by position") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("d", "a INTEGER NOT NULL, b VARCHAR(5) NOT NULL, c VARCHAR(9), d INTEGER, PRIMARY KEY (b, a)");
    db->run("INSERT INTO d VALUES (1, 'x', 'y', 2)");
    const auto source = db->source();
    const TableRequest table{"d", "", {"b", "a"}, {"C"}};
    const auto shape = source->describe(table);
    REQUIRE(shape.layout.columns.size() == 3);
    CHECK(shape.layout.columns[2].name == "d");
    CHECK(shape.layout.key == std::vector<std::size_t>{1, 0});
    CHECK(odbc_test::read_chunks(*source, table, 5) == std::vector<Row>{{"1", "x", "2"}});
  }
}

TEST_CASE("chunks are offered only where an index starts with the key, in its order") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("d", "a INTEGER NOT NULL, b INTEGER NOT NULL, c INTEGER NOT NULL, PRIMARY KEY (a, b)");
    db->run("CREATE INDEX d_c_a ON d (c, a)");
    const auto source = db->source();
    const auto indexed = [&](std::vector<std::string> key) { return source->describe({"d", "", std::move(key), {}}).key_is_indexed; };
    CHECK(indexed({"a", "b"}));
    CHECK(indexed({"a"}));
    CHECK(indexed({"c", "a"}));
    CHECK_FALSE(indexed({"b", "a"}));
    CHECK_FALSE(indexed({"b"}));
    CHECK_FALSE(source->describe({"", "SELECT a, b FROM d", {"a", "b"}, {}}).key_is_indexed);
  }
}

TEST_CASE("a query is read like a table, whatever stands at its end") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("d", "a INTEGER PRIMARY KEY, b VARCHAR(5)");
    db->run("INSERT INTO d VALUES (1, 'x'), (2, 'y'), (3, 'z')");
    const auto source = db->source();
    const TableRequest table{"", "SELECT a, b FROM d WHERE a > 1 -- the newer ones\n;\n", {"a"}, {}};
    CHECK(odbc_test::read_whole(*source, table).size() == 2);
    const TableRequest comment{"", "SELECT a, b FROM d -- all", {"a"}, {}};
    CHECK(odbc_test::read_chunks(*source, comment, 2).size() == 3);
  }
}

TEST_CASE("a table is found by schema, quoted or folded as the server does") {
  if (auto* db = odbc_test::database("postgresql")) {
    db->try_run("DROP TABLE gestio.\"Ordini Web\"");
    db->try_run("CREATE SCHEMA gestio");
    db->run("CREATE TABLE gestio.\"Ordini Web\" (\"Nr Ord\" INTEGER PRIMARY KEY, \"say \"\"hi\"\"\" TEXT)");
    db->run("INSERT INTO gestio.\"Ordini Web\" VALUES (7, 'x')");
    const auto source = db->source();
    const TableRequest table{"gestio.\"Ordini Web\"", "", {"nr ord"}, {}};
    CHECK(source->describe(table).key_is_indexed);
    CHECK(odbc_test::read_chunks(*source, table, 5) == std::vector<Row>{{"7", "x"}});
    db->create("d", "a INTEGER PRIMARY KEY");
    CHECK(source->describe({"PUBLIC.D", "", {"A"}, {}}).key_is_indexed);
  }
  if (auto* db = odbc_test::database("mariadb")) {
    db->create("d", "a INTEGER PRIMARY KEY");
    const auto source = db->source();
    CHECK(source->describe({"erp.d", "", {"a"}, {}}).key_is_indexed);
    CHECK(source->describe({"`erp`.`d`", "", {"a"}, {}}).key_is_indexed);
  }
}

TEST_CASE("an unknown key or excluded column is refused with the nearest name") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("d", "codcli INTEGER PRIMARY KEY, ragsoc VARCHAR(5)");
    const auto source = db->source();
    const Error key = refusal(*source, {"d", "", {"codcl"}, {}});
    CHECK(key.code() == ErrorCode::source_refused);
    CHECK(key.hint().find("codcli") != std::string::npos);
    const Error exclude = refusal(*source, {"d", "", {"codcli"}, {"ragsco"}});
    CHECK(exclude.code() == ErrorCode::source_refused);
    CHECK(exclude.hint().find("ragsoc") != std::string::npos);
    CHECK(refusal(*source, {"d", "", {"codcli"}, {"codcli"}}).code() == ErrorCode::source_refused);
  }
}

TEST_CASE("a missing table, bad SQL and a doubled column are refused") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    const auto source = db->source();
    CHECK(refusal(*source, {"no_such_table", "", {"a"}, {}}).code() == ErrorCode::source_refused);
    CHECK(refusal(*source, {"", "SELECT FROM WHERE", {"a"}, {}}).code() == ErrorCode::source_refused);
    // SQLite gives the second one another name.
    if (!db->is("sqlite")) CHECK(refusal(*source, {"", "SELECT 1 AS a, 2 AS a", {"a"}, {}}).code() == ErrorCode::source_refused);
    // The connection lives on.
    db->create("d", "a INTEGER PRIMARY KEY");
    CHECK(source->describe({"d", "", {"a"}, {}}).layout.columns.size() == 1);
  }
}

TEST_CASE("a column that vanished since the description is a changed schema") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("d", "a INTEGER PRIMARY KEY, b INTEGER");
    const auto source = db->source();
    const TableRequest table{"d", "", {"a"}, {}};
    const auto shape = source->describe(table);
    db->run("ALTER TABLE d DROP COLUMN b");
    try {
      source->open_range(table, shape, {}, 5);
      FAIL("read a column that is gone");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::source_schema_changed);
    }
  }
}
