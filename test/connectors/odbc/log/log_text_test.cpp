#include <doctest/doctest.h>

#include "connectors/odbc/log/key_text.h"
#include "connectors/odbc/log/log_text.h"

using connectors::odbc::key_expression;
using connectors::odbc::LogText;
using connectors::odbc::parts_of_key;
using connectors::odbc::trigger_name;
using Parts = std::vector<std::string>;

namespace {

engine::settings::DialectDefinition dialect() {
  engine::settings::DialectDefinition dialect;
  dialect.limit = "{sql} LIMIT {n}";
  dialect.select["date"] = "iso({column})";
  dialect.change_log.key_part = "esc({text})";
  dialect.change_log.key_join = "+";
  dialect.change_log.part_text = "text({column})";
  dialect.change_log.key_text["bytea"] = "hex({column})";
  dialect.change_log.triggers = {"ON {source} OF {source_place} INTO {log} OF {log_place} '{table}' {name} {old_key} {new_key} '{source_text}'"};
  return dialect;
}

engine::model::Layout layout() {
  engine::model::Layout layout;
  layout.columns = {{.name = "day", .type = engine::model::ColumnType::date, .source_type = "date"},
                    {.name = "tag", .type = engine::model::ColumnType::binary, .source_type = "bytea"},
                    {.name = "code", .source_type = "varchar"}};
  layout.key = {2, 0, 1};
  return layout;
}

}  // namespace

TEST_CASE("a key is written as it is read: by the log's own form for a type, by the dialect's, else as text") {
  CHECK(key_expression(layout(), dialect(), "OLD.") == "esc(text(OLD.\"code\"))+esc(iso(OLD.\"day\"))+esc(hex(OLD.\"tag\"))");
}

TEST_CASE("a key's text gives its parts back, whatever they hold") {
  CHECK(parts_of_key("C001") == Parts{"C001"});
  CHECK(parts_of_key("a~1b|~0|") == Parts{"a|b", "~", ""});
  CHECK(parts_of_key("~01") == Parts{"~1"});
  CHECK(parts_of_key("") == Parts{""});
  CHECK_FALSE(parts_of_key("a~").has_value());
  CHECK_FALSE(parts_of_key("a~2").has_value());
}

TEST_CASE("a trigger's name fits the database and is another for another table") {
  CHECK(trigger_name({"change_log", "orders"}, 63) == "change_log_orders");
  CHECK(trigger_name({"dp.log", "orders"}, 63) == "log_orders");
  const std::string dashed = trigger_name({"log", "or-ders"}, 63);
  CHECK(dashed.starts_with("log_or_ders_"));
  CHECK(dashed != trigger_name({"log", "or_ders"}, 63));
  const std::string one = trigger_name({"change_log", std::string(80, 'x') + "1"}, 30);
  CHECK(one.size() <= 26);
  CHECK(one != trigger_name({"change_log", std::string(80, 'x') + "2"}, 30));
}

TEST_CASE("a template gets its names, with quotes doubled inside of quotes") {
  const auto known = dialect();
  engine::model::Layout one = layout();
  one.key = {2};
  const auto statements = LogText(known, {"dp.log", "orders"}, "erp.\"o'rd\"").triggers(one);
  REQUIRE(statements.size() == 1);
  CHECK(statements[0] ==
        "ON erp.\"o'rd\" OF erp. INTO dp.log OF dp. 'orders' log_orders esc(text(OLD.\"code\")) esc(text(NEW.\"code\")) 'erp.\"o''rd\"'");
}

TEST_CASE("entries are looked for, read behind the last one, and deleted by their ids") {
  const auto known = dialect();
  const LogText text(known, {"log", "orders"}, "o");
  CHECK(text.any_entry().text == "SELECT id FROM log WHERE table_name = ? ORDER BY id LIMIT 1");
  CHECK(text.page(10).text ==
        "SELECT id, transaction_id, changed_ms, changed_by, client, row_key FROM log WHERE table_name = ? AND id > ? ORDER BY id LIMIT 10");
  CHECK(text.erase(2).text == "DELETE FROM log WHERE table_name = ? AND id IN (?, ?)");
  CHECK(text.erase(2).markers.size() == 3);
}
