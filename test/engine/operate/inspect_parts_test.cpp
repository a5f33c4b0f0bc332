#include <doctest/doctest.h>

#include "engine/operate/init.h"
#include "engine/operate/inspect/hints.h"
#include "engine/operate/inspect/key_search.h"
#include "engine/operate/inspect/mask.h"
#include "engine/operate/inspect/yaml_text.h"

namespace engine::operate {

using model::Column;
using model::ColumnType;

namespace {

Column text_column(std::string name, std::uint64_t size = 30) { return {.name = std::move(name), .size = size, .source_type = "varchar"}; }

std::string kind_of(const std::string& column, const std::string& value) {
  const std::vector<std::string> values{value};
  return personal_kind(text_column(column), values);
}

model::Layout layout_of(const std::vector<std::string>& names) {
  model::Layout layout;
  for (const std::string& name : names) layout.columns.push_back(text_column(name, 10));
  return layout;
}

}  // namespace

TEST_CASE("a sample shows the shape of personal data and nothing of it") {
  CHECK(masked("mario.rossi@example.com") == "xxxxx.xxxxx@xxxxxxx.xxx");
  CHECK(masked("+39 333 1234567") == "+99 999 9999999");
  CHECK(masked("D'ANGELO È") == "X'XXXXXX x");
  CHECK(masked("").empty());
}

TEST_CASE("personal data is known by its column's name or by its shape") {
  CHECK(kind_of("RASCL", "BIANCHI SRL") == "name or address");
  CHECK(kind_of("TELCL", "1") == "phone number");
  CHECK(kind_of("CAMPO1", "mario@example.com") == "mail address");
  CHECK(kind_of("CAMPO1", "IT60X0542811101000000123456") == "bank account");
  CHECK(kind_of("CAMPO1", "+39 333 1234567") == "phone number");
  CHECK(kind_of("CAMPO1", "RSSMRA80A01H501U") == "tax number");
  CHECK(kind_of("CAMPO1", "IT01234567890") == "tax number");
  CHECK(kind_of("CDART", "AB-1234").empty());
  CHECK(kind_of("STATO", "A").empty());
  CHECK(kind_of("DATA", "2026-11-22").empty());
}

TEST_CASE("the primary key goes before unique indexes, these before a guess") {
  const model::Layout layout = layout_of({"a", "b", "c"});
  const std::vector<SampleRow> sample{{"1", "x", "p"}, {"2", "x", "q"}};
  const std::vector<model::CatalogueIndex> indexes{{"u", false, true, {"a"}}, {"p", true, true, {"b", "c"}}};
  const KeyProposal declared = propose_key(layout, indexes, sample);
  CHECK(declared.basis == KeyBasis::primary_key);
  CHECK(declared.columns == std::vector<std::string>{"b", "c"});
  CHECK(declared.indexed);
  const KeyProposal unique = propose_key(layout, std::span(indexes).first(1), sample);
  CHECK(unique.basis == KeyBasis::unique_index);
  CHECK(unique.remark.find("NULL") != std::string::npos);
  const KeyProposal guess = propose_key(layout, {}, sample);
  CHECK(guess.basis == KeyBasis::guess);
  CHECK(guess.columns == std::vector<std::string>{"a"});
  CHECK_FALSE(guess.indexed);
  CHECK(guess.remark.find("2 rows") != std::string::npos);
}

TEST_CASE("a key is guessed from two columns where none is unique alone, and never from one that holds NULL") {
  const model::Layout layout = layout_of({"a", "b", "c"});
  const std::vector<SampleRow> sample{{"1", "x", std::nullopt}, {"1", "y", "q"}, {"2", "x", "r"}};
  CHECK(propose_key(layout, {}, sample).columns == std::vector<std::string>{"a", "b"});
  const std::vector<SampleRow> doubled{{"1", "x", "q"}, {"1", "x", "q"}};
  const KeyProposal none = propose_key(layout, {}, doubled);
  CHECK(none.basis == KeyBasis::none);
  CHECK(none.columns.empty());
}

TEST_CASE("dates kept as numbers are known by all their values") {
  const Column date{.name = "DTULO", .type = ColumnType::decimal, .size = 7};
  const Column number{.name = "FIDO", .type = ColumnType::decimal, .size = 7};
  const std::vector<std::string> short_ones{"1261118", "0", "991231"}, long_ones{"20261118", "19991231"}, mixed{"1261118", "1269999"};
  CHECK(date_function(date, short_ones) == "from_cyymmdd");
  CHECK(date_function(number, short_ones).empty());
  CHECK(date_function(number, long_ones) == "from_yyyymmdd");
  CHECK(date_function(date, mixed).empty());
  CHECK(date_function(date, {}).empty());
}

TEST_CASE("an option of a connection string is found whatever its case and place") {
  CHECK(option_of("Driver=X;PWD={a;b}", "pwd") == "a;b");
  CHECK(option_of("uid = reader", "UID") == "reader");
  CHECK_FALSE(option_of("Driver=X;NOPWD=1", "PWD"));
  CHECK(option_of("PWD={a}}b;c};UID=x", "PWD") == "a}}b;c");
}

TEST_CASE("a password with a semicolon stays whole") {
  const std::string odbc = odbc_string({.kind = "postgresql", .host = "db", .port = "", .database = "erp", .user = "u", .password = "ab;c}d"});
  CHECK(option_of(odbc, "PWD") == "ab;c}}d");
  CHECK(option_of(odbc, "UID") == "u");
  CHECK_THROWS_WITH_AS(odbc_string({.kind = "mysql", .host = "db", .port = "", .database = "erp", .user = "u", .password = "p"}),
                       "no source is called 'mysql'", Error);
}

TEST_CASE("the driver's name says which dialect a new instance begins with") {
  CHECK(dialect_of("Driver=MariaDB Unicode;Server=db") == "mariadb");
  CHECK(dialect_of("Driver=MySQL ODBC 8.0 Unicode Driver;Server=db") == "mysql");
  CHECK(dialect_of("Driver=/usr/lib/libmyodbc8w.so;Server=db") == "mysql");
  CHECK(dialect_of("Driver=Some Driver;Server=db") == "generic");
}

TEST_CASE("a trap is told to those it concerns") {
  settings::DialectDefinition dialect;
  dialect.traps = {{"set CMT", "cwb", {}, "CMT"}, {"padded", "", {"char"}, ""}};
  settings::SourceConnection connection;
  connection.odbc = Secret("Driver=IBM;CMT=1");
  CHECK(traps_of(dialect, "libcwbodbc.so", connection, nullptr).empty());
  connection.odbc = Secret("Driver=IBM");
  CHECK(traps_of(dialect, "libcwbodbc.so", connection, nullptr) == std::vector<std::string>{"set CMT"});
  CHECK(traps_of(dialect, "psqlodbcw.so", connection, nullptr).empty());
  model::Layout layout;
  layout.columns.push_back({.name = "a", .source_type = "CHAR(10)"});
  CHECK(traps_of(dialect, "psqlodbcw.so", connection, &layout) == std::vector<std::string>{"padded"});
}

TEST_CASE("names that YAML or SQL would take for something else are quoted") {
  CHECK(yaml_scalar("gestio.anacli") == "gestio.anacli");
  CHECK(yaml_scalar("no") == "'no'");
  CHECK(yaml_scalar("007") == "'007'");
  CHECK(yaml_scalar("\"Order Details\"") == "'\"Order Details\"'");
  CHECK(yaml_scalar("it's") == "'it''s'");
  CHECK(column_in_sql("CDCLI") == "CDCLI");
  CHECK(column_in_sql("order") == "\"order\"");
  CHECK(column_in_sql("Unit Price") == "\"Unit Price\"");
  CHECK(plain_name("GESTIO.\"Order Details\"") == "order_details");
}

}  // namespace engine::operate
