#include "connectors/odbc/target/write_text.h"

#include <doctest/doctest.h>

#include "connectors/odbc/target/target_table.h"
#include "connectors/odbc/target/write_request.h"
#include "test/connectors/odbc/database.h"

using connectors::odbc::TargetTable;
using connectors::odbc::WriteText;
using engine::model::ColumnType;

namespace {

engine::model::Layout layout() {
  engine::model::Layout made;
  made.columns = {{"code", ColumnType::text, 10, 0, false, "VARCHAR"},
                  {"credit", ColumnType::decimal, 12, 2, true, "DECIMAL"},
                  {"say \"x\"", ColumnType::integer, 10, 0, true, "INTEGER"}};
  return made;
}

std::string upsert_of(const char* dialect) {
  const auto shipped = odbc_test::shipped_dialect(dialect);
  const engine::model::Layout columns = layout();
  return WriteText("erp.t", columns, shipped).upsert({0}, {1, 2}).text;
}

}  // namespace

TEST_CASE("each dialect inserts or updates in its own words") {
  CHECK(upsert_of("postgresql") ==
        R"(INSERT INTO erp.t ("code", "credit", "say ""x""") VALUES (?, ?, ?) ON CONFLICT ("code") DO UPDATE SET "credit" = EXCLUDED."credit", "say ""x""" = EXCLUDED."say ""x""")");
  CHECK(upsert_of("mariadb") ==
        R"(INSERT INTO erp.t (`code`, `credit`, `say "x"`) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE `credit` = VALUES(`credit`), `say "x"` = VALUES(`say "x"`))");
  CHECK(upsert_of("sqlite").ends_with(R"(ON CONFLICT ("code") DO UPDATE SET "credit" = excluded."credit", "say ""x""" = excluded."say ""x""")"));
  CHECK(upsert_of("sqlserver") ==
        R"(MERGE INTO erp.t WITH (HOLDLOCK) AS dp USING (VALUES (?, ?, ?)) AS given ([code], [credit], [say "x"]) ON dp.[code] = given.[code] )"
        R"(WHEN MATCHED THEN UPDATE SET [credit] = given.[credit], [say "x"] = given.[say "x"] WHEN NOT MATCHED THEN )"
        R"(INSERT ([code], [credit], [say "x"]) VALUES (given.[code], given.[credit], given.[say "x"]);)");
  CHECK(upsert_of("oracle") ==
        R"(MERGE INTO erp.t dp USING (SELECT ? AS "code", ? AS "credit", ? AS "say ""x""" FROM DUAL) given ON (dp."code" = given."code") )"
        R"(WHEN MATCHED THEN UPDATE SET dp."credit" = given."credit", dp."say ""x""" = given."say ""x""" WHEN NOT MATCHED THEN )"
        R"(INSERT ("code", "credit", "say ""x""") VALUES (given."code", given."credit", given."say ""x"""))");
  for (const char* each : {"db2", "db2i"}) CHECK(upsert_of(each).starts_with(
      R"(MERGE INTO erp.t AS dp USING (VALUES (CAST(? AS VARCHAR(10)), CAST(? AS DECIMAL(12,2)), CAST(? AS INTEGER))) AS given ("code", )"));
  CHECK(upsert_of("firebird") == R"(UPDATE OR INSERT INTO erp.t ("code", "credit", "say ""x""") VALUES (?, ?, ?) MATCHING ("code"))");
}

TEST_CASE("other statements find a row by its match and bind the rest") {
  const engine::settings::DialectDefinition dialect;
  const engine::model::Layout columns = layout();
  const WriteText text("t", columns, dialect);
  const auto update = text.update({0}, {0, 1});
  CHECK(update.text == R"(UPDATE t SET "code" = ?, "credit" = ? WHERE "code" = ?)");
  CHECK_FALSE(update.markers[0].of_match);
  CHECK(update.markers[2].of_match);
  CHECK(text.insert({0}, {1}).text == R"(INSERT INTO t ("code", "credit") VALUES (?, ?))");
  CHECK(text.remove({0, 1}).text == R"(DELETE FROM t WHERE "code" = ? AND "credit" = ?)");
  CHECK(text.exists({0}).text == R"(SELECT 1 FROM t WHERE "code" = ?)");
}

TEST_CASE("one statement is used only where it can meet no other row") {
  TargetTable table{.unique_keys = {{0}, {2, 3}}};
  CHECK(table.can_upsert({0}, {1}, true));
  CHECK(table.can_upsert({3, 2}, {1}, true));
  CHECK(table.can_upsert({0}, {2}, false));
  CHECK_FALSE(table.can_upsert({0}, {2}, true));
  CHECK_FALSE(table.can_upsert({1}, {0}, false));
}

TEST_CASE("a frozen request says the same as before the crash") {
  using namespace engine::model;
  connectors::odbc::WriteRequest request;
  request.kind = CallKind::delete_;
  request.table = "a \"b\"";
  request.records = {{"k-1", {{"code", std::string("C\n1")}}, {}},
                     {"k-2", {{"code", std::int64_t{7}}}, {{"credit", NumberText{"1.50"}}, {"list", std::vector<FieldScalar>{std::string("x"), true}}, {"none", FieldScalar{}}}}};
  const auto read = connectors::odbc::read_request(connectors::odbc::request_text(request));
  CHECK(read.kind == request.kind);
  CHECK(read.table == request.table);
  REQUIRE(read.records.size() == 2);
  CHECK(read.records[0].match == request.records[0].match);
  CHECK(read.records[1].key == "k-2");
  CHECK(fields_json(read.records[1].fields) == fields_json(request.records[1].fields));
}
