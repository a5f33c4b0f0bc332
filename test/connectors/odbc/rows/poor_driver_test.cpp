// Dialects of drivers that can do little, or say what is not so: played with SQLite's.
#include <doctest/doctest.h>

#include "connectors/odbc/odbc_source.h"
#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

using engine::Error;
using engine::model::TableRequest;
using odbc_test::Database;
using odbc_test::Row;

namespace {

const TableRequest poor{"\"poor table\"", "", {"id"}, {}};

struct Poor {
  Database& db = *odbc_test::database("sqlite");
  engine::settings::DialectDefinition dialect = db.dialect();

  Poor() {
    db.create("\"poor table\"", "id INTEGER PRIMARY KEY, \"a name\" VARCHAR(40), f DOUBLE, at TIMESTAMP, photo BLOB");
    db.run("INSERT INTO \"poor table\" VALUES (1, 'Rossi', 0.5, '2026-01-01 10:00:00', NULL), (2, NULL, NULL, NULL, x'0001'), (3, 'è', 1e300, NULL, NULL)");
    dialect.whole_only = true;
    dialect.cell_by_cell = true;
  }
  std::vector<Row> rows() const { return odbc_test::read_whole(*connectors::odbc::make_odbc_source(db.connection(), dialect), poor); }
  std::string refusal() const {
    try {
      rows();
    } catch (const Error& error) {
      return std::string(name_of(error.code())) + ": " + error.what() + " " + error.hint();
    }
    return "none";
  }
};

}  // namespace

TEST_CASE("cells that are read one by one, without another name for their table, are what they are when bound") {
  const Poor table;
  const std::vector<Row> cell_by_cell = table.rows();
  CHECK(cell_by_cell == odbc_test::read_whole(*table.db.source(), poor));
  CHECK(cell_by_cell.size() == 3);
}

TEST_CASE("a driver that knows no keys is not asked for them") {
  const Poor table;
  CHECK_FALSE(connectors::odbc::make_odbc_source(table.db.connection(), table.dialect)->describe(poor).key_is_indexed);
}

TEST_CASE("a text that the driver may have cut is refused by column and key") {
  Poor table;
  table.dialect.text_bytes_max = 4;
  const std::string refusal = table.refusal();
  CHECK(refusal.starts_with("source.bad_data"));
  CHECK(refusal.find("a name") != std::string::npos);
  CHECK(refusal.find("key 1") != std::string::npos);
  table.dialect.text_bytes_max = 20;
  CHECK(table.refusal() == "none");
}

TEST_CASE("a column that the driver cannot read is refused until it is left out") {
  Poor table;
  table.dialect.unreadable = {"blob"};
  CHECK(table.refusal().find("exclude: [photo]") != std::string::npos);
  const TableRequest without{"\"poor table\"", "", {"id"}, {"photo"}};
  CHECK(odbc_test::read_whole(*connectors::odbc::make_odbc_source(table.db.connection(), table.dialect), without).at(0).size() == 4);
}

TEST_CASE("fewer rows than the database counts are no table") {
  Poor table;
  table.dialect.row_count = "SELECT count(*) FROM {from}";
  CHECK(table.rows().size() == 3);
  table.dialect.row_count = "SELECT count(*) + 1 FROM {from}";
  CHECK(table.refusal().starts_with("source.busy"));
}

TEST_CASE("a statement that the driver would cut is not sent") {
  Poor table;
  table.dialect.statement_bytes_max = 60;
  const std::string refusal = table.refusal();
  CHECK(refusal.starts_with("source.refused"));
  CHECK(refusal.find("60 bytes") != std::string::npos);
}
