#include "engine/model/row_json.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "engine/base/error.h"
#include "test/support/random_rows.h"

using namespace engine::model;

namespace {
const Layout every_type = test::layout_of({std::begin(test::all_types), std::end(test::all_types)}, 1);

test::Cells read_back(const Layout& layout, std::string_view json) {
  RowBatch batch;
  batch.begin(layout.columns.size());
  append_row_from_json(layout, json, batch);
  return test::cells_of(batch.row(0));
}

std::string json_of(const Layout& layout, const test::Cells& cells) {
  RowBatch batch;
  batch.begin(layout.columns.size());
  test::append(cells, batch);
  return row_json(layout, batch.row(0));
}
}  // namespace

TEST_CASE("an image is the JSON that people expect") {
  Layout layout = test::layout_of({ColumnType::text, ColumnType::decimal, ColumnType::integer, ColumnType::text, ColumnType::real,
                                   ColumnType::binary, ColumnType::real},
                                  1);
  const char* names[] = {"codcli", "fido", "n", "note", "x", "b", "y"};
  for (std::size_t i = 0; i < layout.columns.size(); ++i) layout.columns[i].name = names[i];
  CHECK(json_of(layout, {"C\"1", "1000.00", "7", std::nullopt, "1e+300", std::string("\0\xff", 2), "nan"}) ==
        R"({"codcli":"C\"1","fido":"1000.00","n":7,"note":null,"x":1e+300,"b":"AP8=","y":"nan"})");
}

TEST_CASE("a row written as JSON reads back as the same row, and any JSON parser takes it") {
  CHECK(rc::check([] {
    const test::Cells cells = test::random_cells(every_type);
    const std::string json = json_of(every_type, cells);
    boost::system::error_code error;
    boost::json::parse(json, error);
    RC_ASSERT_FALSE(error.failed());
    RC_ASSERT(read_back(every_type, json) == cells);
  }));
}

TEST_CASE("each bad byte of a text becomes U+FFFD") {
  const Layout layout = test::layout_of({ColumnType::text}, 1);
  const auto repaired = [&](std::string_view text) { return *read_back(layout, json_of(layout, {std::string(text)}))[0]; };
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(repaired("caff\xe8 nero") == "caff" + bad + " nero");
  CHECK(repaired("\xe2\x82") == bad + bad);          // cut in mid-sequence
  CHECK(repaired("\xc0\xaf") == bad + bad);          // overlong
  CHECK(repaired("\xed\xa0\x80") == bad + bad + bad);  // a surrogate
  CHECK(repaired("\xf4\x90\x80\x80").size() == 12);  // beyond U+10FFFF
  CHECK(repaired("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
}

TEST_CASE("an image read with another layout gives NULL for what it lacks and ignores what the layout lacks") {
  Layout layout = test::layout_of({ColumnType::integer, ColumnType::text, ColumnType::text}, 1);
  layout.columns[0].name = "a";
  layout.columns[1].name = "new";
  layout.columns[2].name = "b";
  CHECK(read_back(layout, R"( { "b" : "x\u00e8\ud83d\ude00\/" , "gone" : "1,2}" , "a" : 5 } )") ==
        test::Cells{"5", std::nullopt, "xè😀/"});
}

TEST_CASE("damaged images are errors, whatever the damage") {
  const Layout layout = test::layout_of({ColumnType::binary, ColumnType::text}, 1);
  for (const char* text : {"", "{", "null", "[]", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":01}", "{\"a\":1,}", "{\"a\":\"x}",
                           "{\"a\":\"\\", "{\"C\\\"1\":[1]}", "{\"a\":1}x", "{\"a\":+1}", "{\"C\\\"0\":\"AA=A\"}", "{\"C\\\"1\":\"\\u12\"}",
                           "{\"C\\\"1\":\"\\x\"}", "{\"a\":nul}"}) {
    CAPTURE(text);
    RowBatch batch;
    batch.begin(2);
    CHECK_THROWS_AS(append_row_from_json(layout, text, batch), engine::Error);
  }
  CHECK(rc::check([] {
    std::string json = json_of(every_type, test::random_cells(every_type));
    json.resize(*rc::gen::inRange<std::size_t>(0, json.size()));
    RC_ASSERT_THROWS_AS(read_back(every_type, json), engine::Error);
  }));
}

TEST_CASE("the columns in which two rows differ are named, NULL against empty included") {
  RowBatch batch;
  batch.begin(3);
  const Layout layout = test::layout_of({ColumnType::text, ColumnType::text, ColumnType::integer}, 1);
  test::append({"k", std::nullopt, "1"}, batch);
  test::append({"k", "", "2"}, batch);
  CHECK(changed_columns(layout, batch.row(0), batch.row(1)) == std::vector<std::string>{"C\"1", "C\"2"});
  CHECK(changed_columns(layout, batch.row(0), batch.row(0)).empty());
}

TEST_CASE("the rows of a nested table stand in an image as an array, and come back byte by byte") {
  Layout layout{.columns = {{.name = "num", .type = ColumnType::integer}, {.name = "lines", .columns = {{.name = "pos"}, {.name = "net"}}, .key = {0}}}, .key = {0}};
  const std::string lines = R"([{"pos":"a\"]","net":"1.50","deep":[{"x":{}}]},{"pos":"b","net":null}])";
  RowBatch batch;
  batch.begin(2);
  test::append({"7", lines}, batch);
  const std::string image = row_json(layout, batch.row(0));
  CHECK(image == R"({"num":7,"lines":)" + lines + "}");
  append_row_from_json(layout, image, batch);
  CHECK(batch.row(1).canonical_bytes() == batch.row(0).canonical_bytes());
  // An image from before the table was nested has none; an array where the layout knows no table is damage.
  append_row_from_json(layout, R"({"num":7})", batch);
  CHECK(batch.row(2).is_null(1));
  layout.columns[1].columns.clear();
  CHECK_THROWS_AS(append_row_from_json(layout, image, batch), engine::Error);
}
