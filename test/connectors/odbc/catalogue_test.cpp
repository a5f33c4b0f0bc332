#include <doctest/doctest.h>

#include <algorithm>

#include "connectors/odbc/catalogue/odbc_catalogue.h"
#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

namespace odbc_test {

using engine::model::CatalogueIndex;
using engine::model::CatalogueTable;

namespace {

bool lists(const std::vector<CatalogueTable>& tables, const std::string& name) {
  return std::any_of(tables.begin(), tables.end(), [&name](const CatalogueTable& table) { return table.from.ends_with(name); });
}

}  // namespace

TEST_CASE("a source lists its tables as `from:` takes them, and none of the system's") {
  for (const auto& database : databases()) {
    INFO(database->kind());
    database->create("cat_plain", "id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(10)");
    const auto catalogue = connectors::odbc::make_odbc_catalogue(database->connection(), database->dialect());
    const std::vector<CatalogueTable> tables = catalogue->tables(10'000);
    CHECK(lists(tables, "cat_plain"));
    for (const CatalogueTable& table : tables) CHECK_FALSE(table.from.starts_with("information_schema"));
    const auto named = std::find_if(tables.begin(), tables.end(), [](const auto& table) { return table.from.ends_with("cat_plain"); });
    REQUIRE(named != tables.end());
    CHECK(catalogue->columns({.from = named->from}).columns.size() == 2);
    CHECK_FALSE(catalogue->server().empty());
    CHECK(catalogue->driver().find("odbc") != std::string::npos);
  }
}

TEST_CASE("a name that the server would fold into another is listed in quotes") {
  for (const auto& database : databases()) {
    if (database->is("mariadb")) continue;  // keeps names as they are written
    INFO(database->kind());
    database->create("\"Cat Odd\"", "id INTEGER NOT NULL PRIMARY KEY");
    const auto catalogue = connectors::odbc::make_odbc_catalogue(database->connection(), database->dialect());
    CHECK(lists(catalogue->tables(10'000), "\"Cat Odd\""));
  }
}

TEST_CASE("the primary key comes first, in its own order, and unique indexes are told from others") {
  for (const auto& database : databases()) {
    INFO(database->kind());
    database->create("cat_keys", "a INTEGER NOT NULL, b INTEGER NOT NULL, c VARCHAR(10) NOT NULL, d VARCHAR(10), PRIMARY KEY (b, a)");
    database->run("CREATE UNIQUE INDEX cat_keys_c ON cat_keys (c)");
    database->run("CREATE INDEX cat_keys_d ON cat_keys (d)");
    const auto catalogue = connectors::odbc::make_odbc_catalogue(database->connection(), database->dialect());
    const std::vector<CatalogueIndex> indexes = catalogue->indexes("cat_keys");
    REQUIRE_FALSE(indexes.empty());
    CHECK(indexes.front().primary);
    CHECK(indexes.front().columns == std::vector<std::string>{"b", "a"});
    const auto index_on = [&indexes](const std::string& column) {
      return std::find_if(indexes.begin(), indexes.end(), [&column](const auto& index) { return index.columns == std::vector{column}; });
    };
    REQUIRE(index_on("c") != indexes.end());
    REQUIRE(index_on("d") != indexes.end());
    CHECK(index_on("c")->unique);
    CHECK_FALSE(index_on("d")->unique);
  }
}

TEST_CASE("the columns of a table that is not there are refused") {
  for (const auto& database : databases()) {
    INFO(database->kind());
    const auto catalogue = connectors::odbc::make_odbc_catalogue(database->connection(), database->dialect());
    CHECK_THROWS_AS(catalogue->columns({.from = "cat_nowhere"}), engine::Error);
    CHECK(catalogue->indexes("cat_nowhere").empty());
  }
}

}  // namespace odbc_test
