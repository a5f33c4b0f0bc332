// What stands in a file, and what is read of it.
#include <doctest/doctest.h>

#include "test/connectors/files/csv_folder.h"

using namespace csv_test;
using Lines = std::vector<std::string>;
using engine::model::ColumnType;

TEST_CASE("values are taken by the columns that the first line names, quoted or not") {
  CsvFolder folder;
  CHECK(folder.rows_of("id,name,city\n1,Rossi,Torino\n2,\"Bianchi, Sas\",\"Ivrea\"\n") == Lines{"1|Rossi|Torino", "2|Bianchi, Sas|Ivrea"});
  CHECK(folder.rows_of("id,name\r\n1,\"said \"\"yes\"\"\"\r\n\r\n2,\"two\r\nlines\"\r\n") == Lines{"1|said \"yes\"", "2|two\r\nlines"});
  CHECK(folder.rows_of("id,name\n1,5\" pipe\n") == Lines{"1|5\" pipe"});
  CHECK(folder.rows_of("id,name\n") == Lines{});
}

TEST_CASE("nothing between two delimiters is NULL, and nothing between quotes the empty text") {
  CsvFolder folder;
  CHECK(folder.rows_of("id,a,b\n1,,\"\"\n2,\"NULL\",\n") == Lines{"1|NULL|", "2|NULL|NULL"});
  folder.connection.csv->null_text = "\\N";
  CHECK(folder.rows_of("id,a\n1,\\N\n2,\n3,\"\\N\"\n") == Lines{"1|NULL", "2|", "3|\\N"});
}

TEST_CASE("delimiter, encoding and byte order mark are those of whoever wrote the file") {
  CsvFolder folder;
  folder.connection.csv->delimiter = ';';
  CHECK(folder.rows_of("\xEF\xBB\xBFid;price\n1;1,50\n") == Lines{"1|1,50"});
  folder.connection.csv->encoding = "WINDOWS-1252";
  CHECK(folder.rows_of("id;city\n1;Forl\xEC\n2;10 \x80\n") == Lines{"1|Forlì", "2|10 €"});
  folder.connection.csv->encoding = "UTF-16";
  CHECK(folder.rows_of(std::string("\xFF\xFEi\0d\0\n\0" "1\0\n\0", 12)) == Lines{"1"});
}

TEST_CASE("a character that spans two blocks stays whole") {
  CsvFolder folder;
  const std::string filler(256 * 1024 - 6, 'x');
  CHECK(folder.rows_of("id\n" + filler + "\n\xC3\xAC\n") == Lines{filler, "ì"});
  CHECK(folder.rows_of("id\nx" + filler + "\n\xC3\xAC\n") == Lines{"x" + filler, "ì"});
}

TEST_CASE("typed columns are exact, and what does not fit stops the table at its line") {
  CsvFolder folder;
  folder.connection.csv->types = {{"id", ColumnType::integer}, {"price", ColumnType::decimal}, {"born", ColumnType::date}};
  CHECK(folder.rows_of("id,price,born\n007,01.50,2026-11-30\n8,,\n") == Lines{"7|1.50|2026-11-30", "8|NULL|NULL"});
  CHECK(error_of([&] { folder.rows_of("id,price,born\n1,1.5,\n2,\"1,5\",\n"); }).ends_with("customers.csv:3: '1,5' in column price is no decimal"));
}

TEST_CASE("a line that does not fit is told with its number") {
  CsvFolder folder;
  CHECK(error_of([&] { folder.rows_of("id,name\n1,\"a\nb\"\n2\n"); }).find("customers.csv:4: 1 values stand here, where the first line names 2 columns") != std::string::npos);
  CHECK(error_of([&] { folder.rows_of("id,name\n1,\"a\" b\n"); }).find("customers.csv:2: text follows the closing quote") != std::string::npos);
  CHECK(error_of([&] { folder.rows_of("id,name\n,x\n"); }).find("customers.csv:2: the key column id holds no value") != std::string::npos);
  CHECK(error_of([&] { folder.rows_of("id,name\n1,Forl\xEC\n"); }).find("customers.csv:2: what stands here is no character") != std::string::npos);
}

TEST_CASE("a first line that does not name each column is refused") {
  CsvFolder folder;
  CHECK(error_of([&] { folder.rows_of("id,,x\n1,2,3\n"); }).find("column 2 has no name") != std::string::npos);
  CHECK(error_of([&] { folder.rows_of("id,x,x\n1,2,3\n"); }).find("column 3 has the name of another, x") != std::string::npos);
  CHECK(error_of([&] { folder.rows_of("code,x\n1,2\n"); }).starts_with("source.refused: customers.csv has no column 'id' for the key"));
  folder.table.exclude = {"x"};
  CHECK(folder.rows_of("x,id,y\n1,2,3\n") == Lines{"2|3"});
  folder.table.exclude = {"emial"};
  CHECK(error_of([&] { folder.rows_of("id,email\n1,2\n"); }).starts_with("source.refused: customers.csv has no column 'emial', which `exclude:` names"));
}

TEST_CASE("a name that leads out of the folder is refused, and so is a query") {
  CsvFolder folder;
  const auto source = folder.source();
  CHECK(error_of([&] { source->describe({.from = "../other.csv", .key = {"id"}}); }).starts_with("source.refused"));
  CHECK(error_of([&] { source->describe({.from = "/etc/passwd", .key = {"id"}}); }).starts_with("source.refused"));
  CHECK(error_of([&] { source->describe({.query = "SELECT 1", .key = {"id"}}); }).starts_with("source.refused"));
}

TEST_CASE("rows are found by their keys, and the first ones are given in the file's order") {
  CsvFolder folder;
  folder.write("id,name\n1,a\n2,b\n3,c\n");
  folder.clock.advance(3'000);
  const auto source = folder.source();
  const auto shape = source->describe(folder.table);
  const std::vector<engine::model::SourceKey> keys{{{"3"}}, {{"9"}}, {{"1"}}};
  CHECK(texts(*source->open_keys(folder.table, shape, keys)) == Lines{"1|a", "3|c"});
  CHECK(texts(*source->open_range(folder.table, shape, {}, 2)) == Lines{"1|a", "2|b"});
}

TEST_CASE("the catalogue names the files and their columns") {
  CsvFolder folder;
  folder.write("id,name\n1,a\n");
  folder.write("x", "notes.md");
  const auto catalogue = connectors::files::make_csv_catalogue(folder.connection);
  REQUIRE(catalogue->tables(10).size() == 1);
  CHECK(catalogue->tables(10)[0].from == "customers.csv");
  CHECK(catalogue->columns({.from = "customers.csv"}).columns[1].name == "name");
  CHECK(error_of([&] { catalogue->columns({.from = "customer.csv"}); }).starts_with("source.refused: there is no file"));
}
