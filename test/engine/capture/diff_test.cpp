#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using test::CapturedTable;
using test::fill;
using test::news;
using test::small_layout;
using test::told;
using Lines = std::vector<std::string>;

TEST_CASE("a change tells what was and what is, and which columns differ") {
  CapturedTable table(small_layout());
  fill(table, {"x", "y"});
  table.cycle();
  table.source.put({"x", std::nullopt, "b2"});
  table.source.erase({"y"});
  table.cycle();
  const auto changes = table.changes();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].before == R"({"k":"x","a":"a","b":"b"})");
  CHECK(changes[0].after == R"({"k":"x","a":null,"b":"b2"})");
  CHECK(changes[0].changed_columns == R"(["a","b"])");
  CHECK(changes[1].operation == model::Operation::delete_);
  CHECK(changes[1].before == R"({"k":"y","a":"a","b":"b"})");
  CHECK_FALSE(changes[1].after.has_value());
  const auto cycle = table.cycles().front();
  CHECK(cycle.kind == "diff");
  CHECK(cycle.state == "closed");
  CHECK(cycle.updates == 1);
  CHECK(cycle.deletes == 1);
  CHECK(cycle.rows_read == 1);
  CHECK(changes[0].cycle_id == cycle.id);
}

TEST_CASE("a pass that finds nothing writes nothing, but once a minute that it was made") {
  CapturedTable table(small_layout());
  fill(table, {"x", "y", "z"});
  table.cycle();
  // Every commit makes the write-ahead log longer.
  const auto log_size = [&] { return std::filesystem::file_size(table.journal_path().string() + "-wal"); };
  const auto quiet = log_size();
  for (int i = 0; i < 59; ++i) table.cycle();
  CHECK(log_size() == quiet);
  table.cycle();
  const auto noted = log_size();
  CHECK(noted > quiet);
  CHECK(table.row()->last_cycle_ms == table.clock.wall_ms());
  CHECK(table.cycles().size() == 1);
  table.clock.jump(-3'600'000);
  table.cycle();
  CHECK(log_size() > noted);
}

TEST_CASE("a pass that only finds new and changed rows reads none of them twice") {
  CapturedTable table(small_layout(), 10);
  fill(table, {"a", "f", "z"});
  table.cycle();
  fill(table, {"b", "c", "g"});
  table.source.put({"f", "changed", "b"});
  CHECK(news(table).size() == 4);
  CHECK(table.source.rows_given('k') == 0);
}

TEST_CASE("an emptied table is deleted page by page, and a killed search goes on under its cycle") {
  CapturedTable table(small_layout(model::ColumnType::integer), 5'000);
  for (int i = 0; i < 12'000; ++i) table.source.rows.push_back({std::to_string(i), "a", "b"});
  table.cycle();
  table.source.rows.clear();
  table.source.before_statement = [&](std::size_t statement) {
    if (statement == 110) throw Error(ErrorCode::source_unreachable, "gone");
  };
  CHECK_THROWS_AS(table.cycle(), Error);
  const std::int64_t left = table.images();
  CHECK(left < 12'000);
  CHECK(left > 0);
  table.source.before_statement = nullptr;
  table.restart();
  CHECK(table.cycle().deletes == left);
  CHECK(table.images() == 0);
  CHECK(table.changes().size() == 12'000);
  CHECK(table.cycles().size() == 2);
  CHECK(table.cycles().front().deletes == 12'000);
  CHECK(table.row()->rows == 0);
}

TEST_CASE("a stop asked for in mid-pass ends it at the next batch") {
  CapturedTable table(small_layout());
  fill(table, {"a", "b", "c", "d", "e", "f"});
  table.cycle();
  table.source.erase({"a"});
  table.source.before_statement = [&](std::size_t statement) {
    if (statement == 1) table.stop.request();
  };
  try {
    table.cycle();
    FAIL("the stop went unheard");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::stopped);
  }
  CHECK(table.changes().empty());
}

TEST_CASE("columns in another order and wider ones are no change; the images follow") {
  CapturedTable table(small_layout());
  table.source.put({"x", "one", "two"});
  table.cycle();
  std::swap(table.source.layout.columns[1], table.source.layout.columns[2]);
  table.source.layout.columns[1].size = 200;
  table.source.rows = {{"x", "two", "one"}};
  CHECK(news(table).empty());
  CHECK(table.imaged() == table.held());
  CHECK(table.journal->read()->tables.layout(*table.row()->layout_id)->columns[1].name == "b");
  table.source.put({"x", "two", "changed"});
  CHECK(news(table) == Lines{R"(update ["x"])"});
  CHECK(table.changes()[0].changed_columns == R"(["a"])");
}

TEST_CASE("many rows changed at once are all told, with several commits a chunk") {
  CapturedTable table(small_layout(model::ColumnType::integer), 10'000);
  const std::string wide(5'000, 'w');
  for (int i = 0; i < 3'000; ++i) table.source.rows.push_back({std::to_string(i), wide, "b"});
  table.cycle();
  for (auto& row : table.source.rows) row[2] = "changed";
  int commits = 0;
  table.journal->on_commit([&] { ++commits; });
  CHECK(table.cycle().updates == 3'000);
  CHECK(table.imaged() == table.held());
  table.close();
  CHECK(commits > 4);
}
