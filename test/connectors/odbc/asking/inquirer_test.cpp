// Whether a query finds a row, over each driver.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "connectors/odbc/asking/inquirer.h"
#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

using engine::model::ColumnType;
using engine::model::Question;

namespace {

Question ask(const std::string& condition, std::vector<Question::Value> values = {}) {
  return {.connection = "erp", .sql = "SELECT number FROM quotes WHERE " + condition, .values = std::move(values)};
}

void create_quotes(odbc_test::Database& db) {
  db.create("quotes", "number INTEGER NOT NULL PRIMARY KEY, price_list VARCHAR(20), rate DECIMAL(12,2), valid_to DATE");
  db.run("INSERT INTO quotes VALUES (7, 'B''01', 1.50, '2026-05-31')");
  db.run("INSERT INTO quotes VALUES (8, NULL, 1.50, NULL)");
}

}  // namespace

TEST_CASE("a query finds a row or it does not, whatever the type of the values bound to it") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    create_quotes(*db);
    const auto inquirer = connectors::odbc::make_inquirer(db->connection(), db->dialect());
    CHECK(inquirer->any_row(ask("price_list = ?", {{ColumnType::text, "B'01"}})));
    CHECK_FALSE(inquirer->any_row(ask("price_list = ?", {{ColumnType::text, "B'01' OR 1 = 1 --"}})));
    CHECK(inquirer->any_row(ask("number = ?", {{ColumnType::integer, "7"}})));
    CHECK_FALSE(inquirer->any_row(ask("number = ?", {{ColumnType::integer, "9"}})));
    if (!db->is("sqlite")) CHECK(inquirer->any_row(ask("rate = ?", {{ColumnType::decimal, "1.50"}})));
    CHECK(inquirer->any_row(ask("valid_to = ? AND number = ?", {{ColumnType::date, "2026-05-31"}, {ColumnType::integer, "7"}})));
    CHECK_FALSE(inquirer->any_row(ask("valid_to > ?", {{ColumnType::date, "2026-05-31"}})));
    CHECK_FALSE(inquirer->any_row(ask("price_list = NULL")));
    db->run("DELETE FROM quotes");
    CHECK_FALSE(inquirer->any_row(ask("price_list = ?", {{ColumnType::text, "B'01"}})));
  }
}

TEST_CASE("after a query that is refused the next one is asked over a connection that works") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    create_quotes(*db);
    const auto inquirer = connectors::odbc::make_inquirer(db->connection(), db->dialect());
    CHECK_THROWS_AS(inquirer->any_row({.connection = "erp", .sql = "SELECT 1 FROM no_such_table"}), engine::Error);
    CHECK(inquirer->any_row(ask("number = 7")));
  }
}
