#include <doctest/doctest.h>

#include "connectors/odbc/feed/slot_json.h"

namespace slot = connectors::odbc::slot;

TEST_CASE("a row of wal2json is taken with its numbers as they are written") {
  const auto line = slot::json_line(
      R"json({"action":"U","xid":1,"schema":"public","table":"Odd \"T","columns":[{"name":"a","type":"numeric(30,4)","value":12345678901234567890.1200},)json"
      R"json({"name":"b","type":"boolean","value":true},{"name":"n","type":"text","value":null},{"name":"s","type":"text","value":"x|\"\u00e9"}],)json"
      R"json("identity":[{"name":"a","type":"numeric(30,4)","value":-1.50}]})json");
  REQUIRE(line);
  CHECK(line->action == 'U');
  CHECK(line->schema == "public");
  CHECK(line->table == "Odd \"T");
  CHECK(slot::key_of(line->change.after, {"a", "b"}) == "12345678901234567890.1200|1");
  CHECK(slot::key_of(line->change.after, {"s"}) == "x~1\"é");
  CHECK_FALSE(slot::key_of(line->change.after, {"n"}));
  CHECK(slot::key_of(line->change.before, {"a"}) == "-1.50");
}

TEST_CASE("a commit and an emptied table are told apart, and half a line is none") {
  CHECK(slot::json_line(R"({"action":"C","timestamp":"2026-01-02 03:04:05+00"})")->action == 'C');
  CHECK(slot::json_line(R"({"action":"T","schema":"public","table":"t"})")->table == "t");
  CHECK_FALSE(slot::json_line(R"({"action":"I","columns":[{"name":)"));
  CHECK_FALSE(slot::json_line(R"({"action":"I"} x)"));
}

TEST_CASE("a table's name is escaped for the list of those that are decoded") {
  CHECK(slot::listed_table("public", "orders_2") == "public.orders_2");
  CHECK(slot::listed_table("a.b", "Odd, T*") == "a\\.b.Odd\\,\\ T\\*");
}
