// Reading by columns that grow, over each driver.
#include <doctest/doctest.h>

#include "connectors/odbc/growth/growth_text.h"
#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

using connectors::odbc::growth_values;
using connectors::odbc::GrowthText;
using engine::model::ColumnType;
using engine::model::GrowthRange;
using engine::model::Layout;
using engine::model::TableRequest;
using odbc_test::Row;

namespace {

TableRequest request_of(std::string from) {
  TableRequest request;
  request.from = std::move(from);
  request.key = {"a", "b"};
  return request;
}

Layout layout() {
  Layout made;
  made.columns = {{"a", ColumnType::integer, 10, 0, false, "int"}, {"b", ColumnType::text, 9, 0, false, "text"}, {"ts", ColumnType::timestamp, 26, 0, true, "ts"},
                  {"id", ColumnType::integer, 10, 0, true, "int"}};
  made.key = {0, 1};
  return made;
}

/// First cells of what a range gives, in chunks of three.
std::string read(engine::model::Source& source, const TableRequest& request, GrowthRange range) {
  const auto shape = source.describe(request);
  std::string keys;
  while (true) {
    const auto stream = source.open_growth(request, shape, range, 3);
    engine::model::RowBatch batch;
    bool any = false;
    while (stream->next(batch)) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        any = true;
        keys += std::string(batch.row(row).text(0)) + std::string(batch.row(row).text(1)) + " ";
        range.behind = {std::string(batch.row(row).text(range.within.column)), batch.source_key(row)};
      }
    }
    if (!any) return keys;
    REQUIRE(keys.size() < 1000);
  }
}

}  // namespace

TEST_CASE("rows beyond a bound are asked for in the order of the column and the key, each value bound") {
  engine::settings::DialectDefinition dialect;
  dialect.limit = "{sql} LIMIT {n}";
  const GrowthText text(request_of("t"), dialect);
  GrowthRange range{{2, "2026-11-22 10:00:00"}, {}, std::nullopt};
  const std::string select = "SELECT dp.\"a\", dp.\"b\", dp.\"ts\", dp.\"id\" FROM t dp WHERE ";
  CHECK(text.range(layout(), range, 9).text == select + "dp.\"ts\" >= ? ORDER BY dp.\"ts\", dp.\"a\", dp.\"b\" LIMIT 9");
  range.without = {{3, "7"}};
  CHECK(text.range(layout(), range, 9).columns == std::vector<std::size_t>{2, 3});
  CHECK(growth_values(layout(), range).parts == std::vector<std::string>{"2026-11-22 10:00:00", "7"});
  range.behind = {"2026-11-22 10:00:05", {{"1", "x"}}};
  CHECK(text.range(layout(), range, 9).text == select +
            "dp.\"ts\" >= ? AND (dp.\"ts\" > ? OR (dp.\"ts\" = ? AND (dp.\"a\" > ? OR (dp.\"a\" = ? AND dp.\"b\" > ?)))) AND (dp.\"id\" < ? OR dp.\"id\" IS NULL)"
            " ORDER BY dp.\"ts\", dp.\"a\", dp.\"b\" LIMIT 9");
  CHECK(growth_values(layout(), range).parts == std::vector<std::string>{"2026-11-22 10:00:05", "1", "x", "7"});
  // A counter that is part of the key stands once in the order.
  range = {{0, std::nullopt}, {{2, std::nullopt}}, std::nullopt};
  CHECK(text.range(layout(), range, 9).text == select + "dp.\"a\" IS NOT NULL AND dp.\"ts\" IS NULL ORDER BY dp.\"a\", dp.\"b\" LIMIT 9");
  range.behind = {"1", {{"1", "x"}}};
  CHECK(growth_values(layout(), range).parts == std::vector<std::string>{"1", "x"});
}

TEST_CASE("text is a time only where the dialect names its declared type") {
  const auto sqlite = odbc_test::shipped_dialect("sqlite");
  const GrowthText text(request_of("t"), sqlite);
  CHECK_FALSE(text.now({.name = "ts", .type = ColumnType::text, .source_type = "TIMESTAMP"}).empty());
  CHECK(text.now({.name = "ts", .type = ColumnType::text, .source_type = "varchar(20)"}).empty());
  const auto generic = odbc_test::shipped_dialect("generic");
  CHECK(GrowthText(request_of("s.t"), generic).now({.name = "ts", .type = ColumnType::date, .source_type = "DATE"}) ==
        "SELECT CURRENT_TIMESTAMP FROM s.t dp FETCH FIRST 1 ROWS ONLY");
}

TEST_CASE("every shipped dialect says how a time's clock is asked") {
  for (const char* name : {"postgresql", "mariadb", "sqlite", "sqlserver", "oracle", "db2", "db2i", "firebird", "informix", "ase", "hana", "generic"}) {
    CAPTURE(name);
    const auto dialect = odbc_test::shipped_dialect(name);
    const GrowthText text(request_of("t"), dialect);
    CHECK(text.now({.name = "ts", .type = ColumnType::timestamp, .source_type = "timestamp"}).starts_with("SELECT "));
    CHECK(text.now({.name = "ts", .type = ColumnType::date, .source_type = "date"}).starts_with("SELECT "));
  }
}

TEST_CASE("a range gives every row once, with equal values at its bound and at the ends of chunks, and none that is NULL") {
  for (const auto& database : odbc_test::databases()) {
    CAPTURE(database->kind());
    const std::string fraction = database->is("mariadb") ? "(6)" : "";
    const std::vector<std::pair<std::string, std::string>> types{
        {"TIMESTAMP" + fraction, "'2026-11-22 10:0%:00.25'"}, {"DATE", "'2026-11-2%'"}, {"BIGINT", "90000%"}, {"DECIMAL(20,2)", "1%.50"},
        {database->is("postgresql") ? "TIMESTAMPTZ" : "DATETIME" + fraction, "'2026-11-22 10:0%:00'"}};
    const auto source = database->source();
    for (const auto& typed : types) {
      const auto& type = typed.first;
      const auto& form = typed.second;
      CAPTURE(type);
      database->create("grown", "a INT NOT NULL, b CHAR(3) NOT NULL, g " + type + " NULL, n BIGINT NULL, PRIMARY KEY (a, b)");
      for (int row = 0; row < 30; ++row) {
        std::string value = form;
        value.replace(value.find('%'), 1, std::to_string(row / 6));
        const std::string key = std::to_string(row % 7) + ", 'k" + std::to_string(row / 7) + "'";
        database->run("INSERT INTO grown VALUES (" + key + ", " + (row % 6 == 5 ? "NULL" : value) + ", " + std::to_string(row) + ")");
      }
      const TableRequest request = request_of("grown");
      const auto shape = source->describe(request);
      const auto highest = source->highest(request, shape, 2, std::nullopt);
      REQUIRE(highest);
      CHECK(source->highest(request, shape, 2, highest) == highest);
      std::string lowest;
      for (const Row& row : odbc_test::read_whole(*source, request)) {
        if (row[2] && (lowest.empty() || *row[2] < lowest)) lowest = *row[2];
      }
      CHECK(source->highest(request, shape, 2, lowest) == lowest);
      const std::string all = read(*source, request, {{2, std::nullopt}, {}, std::nullopt});
      CHECK(std::count(all.begin(), all.end(), ' ') == 25);
      CHECK(read(*source, request, {{2, lowest}, {}, std::nullopt}) == all);
      const std::string last = read(*source, request, {{2, highest}, {}, std::nullopt});
      CHECK(std::count(last.begin(), last.end(), ' ') == 5);
      CHECK(all.ends_with(last));
      // By the second column only what the first did not give.
      const std::string rest = read(*source, request, {{3, "20"}, {{2, highest}}, std::nullopt});
      CHECK(std::count(rest.begin(), rest.end(), ' ') == 5);
    }
  }
}

TEST_CASE("each database tells the clock that stamps a column, to the second") {
  for (const auto& database : odbc_test::databases()) {
    CAPTURE(database->kind());
    const std::string instant = database->is("postgresql") ? "TIMESTAMPTZ" : "TIMESTAMP";
    database->create("stamped", "a INT NOT NULL PRIMARY KEY, b INT, ts " + instant + " DEFAULT CURRENT_TIMESTAMP, local " +
                                    (database->is("mariadb") ? "DATETIME" : "TIMESTAMP") + " DEFAULT CURRENT_TIMESTAMP, words VARCHAR(30)");
    TableRequest request;
    request.from = "stamped";
    request.key = {"a"};
    const auto source = database->source();
    const auto shape = source->describe(request);
    for (const std::size_t column : {2, 3}) {
      const auto before = source->now(request, shape.layout.columns[column]);
      database->run("INSERT INTO stamped (a) VALUES (" + std::to_string(column) + ")");
      const auto after = source->now(request, shape.layout.columns[column]);
      const auto stamp = source->highest(request, shape, column, std::nullopt);
      REQUIRE((before && after && stamp));
      // Stamps may hold whole seconds.
      CHECK(before->substr(0, 19) <= stamp->substr(0, 19));
      CHECK(*stamp <= *after);
    }
    CHECK_THROWS_AS(source->now(request, shape.layout.columns[4]), const engine::Error&);
  }
}
