#include "connectors/odbc/statement_text.h"

#include <doctest/doctest.h>

#include "connectors/odbc/catalogue/catalogue_call.h"
#include "connectors/odbc/session.h"
#include "test/connectors/odbc/database.h"

using connectors::odbc::StatementText;
using engine::model::ColumnType;
using engine::model::Layout;

namespace {

Layout layout() {
  Layout made;
  made.columns = {{"a", ColumnType::integer, 10, 0, false, "int4"}, {"b", ColumnType::date, 10, 0, false, "date"}, {"say \"c\"", ColumnType::text, 9, 0, true, "text"}};
  made.key = {0, 1, 2};
  return made;
}

}  // namespace

TEST_CASE("the next chunk starts behind a composite key with a bound that an index can use") {
  engine::settings::DialectDefinition dialect;
  dialect.limit = "{sql} LIMIT {n}";
  dialect.select["date"] = "{column}::text";
  const auto sql = StatementText({"erp.t", "", {}, {}}, dialect).range(layout(), {.after = true}, 500);
  CHECK(sql.text == "SELECT dp.\"a\", dp.\"b\"::text, dp.\"say \"\"c\"\"\" FROM erp.t dp WHERE dp.\"a\" >= ? AND (dp.\"a\" > ? OR (dp.\"a\" = ? AND"
                    " (dp.\"b\" > ? OR (dp.\"b\" = ? AND dp.\"say \"\"c\"\"\" > ?)))) ORDER BY dp.\"a\", dp.\"b\", dp.\"say \"\"c\"\"\" LIMIT 500");
  std::vector<std::size_t> parts;
  for (const auto& marker : sql.markers) parts.push_back(marker.part);
  CHECK(parts == std::vector<std::size_t>{0, 0, 0, 1, 1, 2});
}

TEST_CASE("a range ends with its last key, and checksums are asked for range by range") {
  engine::settings::DialectDefinition dialect;
  dialect.limit = "{sql} LIMIT {n}";
  dialect.checksum = {.rows = "sum(h({columns}))", .column = "{column}::text", .columns = {{"date", "d({column})"}}};
  const StatementText text({"t", "", {}, {}}, dialect);
  Layout pair = layout();
  pair.key = {0, 1};
  const auto range = text.range(pair, {.after = true, .up_to = true}, 5);
  CHECK(range.text.ends_with("WHERE dp.\"a\" >= ? AND (dp.\"a\" > ? OR (dp.\"a\" = ? AND dp.\"b\" > ?)) AND"
                             " dp.\"a\" <= ? AND (dp.\"a\" < ? OR (dp.\"a\" = ? AND dp.\"b\" <= ?)) ORDER BY dp.\"a\", dp.\"b\" LIMIT 5"));
  std::string keys;
  for (const auto& marker : range.markers) keys += std::to_string(marker.key) + std::to_string(marker.part) + " ";
  CHECK(keys == "00 00 00 01 10 10 10 11 ");
  Layout single = layout();
  single.key = {0};
  const std::vector<connectors::odbc::RangeEnds> ends{{.up_to = true}, {.after = true, .up_to = true}, {.after = true}};
  const auto sums = text.checksums(single, ends);
  const std::string sum = "sum(h(dp.\"a\"::text, d(dp.\"b\"), dp.\"say \"\"c\"\"\"::text))";
  CHECK(sums.text == "SELECT 0, " + sum + " FROM t dp WHERE dp.\"a\" <= ? UNION ALL SELECT 1, " + sum + " FROM t dp WHERE dp.\"a\" > ? AND dp.\"a\" <= ?"
                     " UNION ALL SELECT 2, " + sum + " FROM t dp WHERE dp.\"a\" > ?");
  REQUIRE(sums.markers.size() == 4);
  CHECK(sums.markers[3].key == 3);
}

TEST_CASE("several keys are asked for by IN, or by OR where they are composite") {
  engine::settings::DialectDefinition dialect;
  const StatementText text({"t", "", {}, {}}, dialect);
  Layout single = layout();
  single.key = {0};
  CHECK(text.with_keys(single, 3).text.ends_with("WHERE dp.\"a\" IN (?, ?, ?)"));
  Layout pair = layout();
  pair.key = {0, 2};
  CHECK(text.with_keys(pair, 2).text.ends_with("WHERE (dp.\"a\" = ? AND dp.\"say \"\"c\"\"\" = ?) OR (dp.\"a\" = ? AND dp.\"say \"\"c\"\"\" = ?)"));
}

TEST_CASE("table names are taken apart as the server would") {
  using connectors::odbc::split_table_name;
  using NameCase = connectors::odbc::Session::NameCase;
  engine::settings::DialectDefinition dialect;
  const auto name = split_table_name("Gestio.\"Ana.Cli\"", dialect, NameCase::upper);
  CHECK(name.schema == "GESTIO");
  CHECK(name.table == "Ana.Cli");
  CHECK(split_table_name("c.s.T", dialect, NameCase::lower).catalog == "c");
  CHECK(split_table_name("c.s.T", dialect, NameCase::as_is).table == "T");
}

TEST_CASE("options join the connection string unless they are there, with the time-outs filled in") {
  engine::settings::SourceConnection connection;
  connection.odbc = engine::Secret("Driver=X;PWD={a;b=c};charset=latin1");
  connection.connect_timeout_ms = 2500;
  engine::settings::DialectDefinition dialect;
  dialect.connect_options = {{"CHARSET", "utf8mb4"}, {"b", "1"}, {"T", "{connect_timeout_s}"}};
  dialect.stream_options = {{"Fetch", "1000"}};
  CHECK(connectors::odbc::full_connection_string(connection, dialect, connectors::odbc::SessionUse::read) == "Driver=X;PWD={a;b=c};charset=latin1;T=3;b=1");
  CHECK(connectors::odbc::full_connection_string(connection, dialect, connectors::odbc::SessionUse::stream) == "Driver=X;PWD={a;b=c};charset=latin1;Fetch=1000;T=3;b=1");
}

TEST_CASE("every shipped dialect can be read") {
  for (const char* name : {"postgresql", "mariadb", "sqlite", "generic"}) CHECK(odbc_test::shipped_dialect(name).name == name);
}

TEST_CASE("an error means what the dialect says, else what its SQLSTATE's class says") {
  using connectors::odbc::code_of;
  using engine::ErrorCode;
  const auto mariadb = odbc_test::shipped_dialect("mariadb");
  const auto postgresql = odbc_test::shipped_dialect("postgresql");
  const auto generic = odbc_test::shipped_dialect("generic");
  CHECK(code_of({"HY018", 1927, "killed"}, mariadb) == ErrorCode::source_unreachable);
  CHECK(code_of({"HY000", 1205, "lock wait"}, mariadb) == ErrorCode::source_busy);
  CHECK(code_of({"08001", 101, "FATAL:  password authentication failed for user"}, postgresql) == ErrorCode::source_refused);
  CHECK(code_of({"08001", 101, "Connection refused"}, postgresql) == ErrorCode::source_unreachable);
  CHECK(code_of({"57P01", 1, "terminating connection"}, postgresql) == ErrorCode::source_unreachable);
  CHECK(code_of({"0A000", 1, "ERROR: cached plan must not change result type"}, postgresql) == ErrorCode::source_schema_changed);
  CHECK(code_of({"42P01", 1, "no table"}, generic) == ErrorCode::source_refused);
  CHECK(code_of({"42S22", 1, "no column"}, generic) == ErrorCode::source_schema_changed);
  CHECK(code_of({"40001", 1, "deadlock"}, generic) == ErrorCode::source_busy);
  CHECK(code_of({"IM002", 0, "data source not found"}, generic) == ErrorCode::environment_missing);
  CHECK(code_of({"HY000", 4711, "?"}, generic) == ErrorCode::source_refused);
}
