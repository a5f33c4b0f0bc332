#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using test::CapturedTable;
using test::Cells;
using test::small_layout;
using test::told;
using Lines = std::vector<std::string>;

namespace {

/// Three rows of k, a and b, read once.
struct Watched : CapturedTable {
  explicit Watched(int rows = 3) : CapturedTable(small_layout()) {
    for (int i = 0; i < rows; ++i) source.put({"k" + std::to_string(100 + i), "a", "b"});
    cycle();
  }

  void add_column(const std::string& name, const std::optional<std::string>& value) {
    source.layout.columns.push_back({.name = name});
    for (Cells& row : source.rows) row.push_back(value);
  }
  void drop_last_column() {
    source.layout.columns.pop_back();
    for (Cells& row : source.rows) row.pop_back();
  }
  /// Cycles once and returns what the journal was told by it.
  std::vector<model::Change> news() {
    const std::int64_t before = last_seq();
    cycle();
    return changes_after(before);
  }
  bool images_are_renewed() {
    for (const auto& image : journal->read()->images.page(row()->id, 0, 1'000)) {
      if (image.layout_id != row()->layout_id) return false;
    }
    return imaged() == held();
  }
};

}  // namespace

TEST_CASE("a new column, a missing one and one of another type change no row; the images follow, and the table says what happened") {
  Watched table;
  SUBCASE("new") {
    table.add_column("EMAIL", "x@example.org");
    CHECK(table.news().empty());
    CHECK(table.row()->state_reason.find("column EMAIL was added") != std::string::npos);
  }
  SUBCASE("missing") {
    table.drop_last_column();
    CHECK(table.news().empty());
    CHECK(table.row()->state_reason.find("column b is missing") != std::string::npos);
  }
  SUBCASE("of another type") {
    table.source.layout.columns[2].type = model::ColumnType::decimal;
    for (Cells& row : table.source.rows) row[2] = "7.50";
    CHECK(table.news().empty());
    CHECK(table.row()->state_reason.find("column b was text and is decimal") != std::string::npos);
  }
  SUBCASE("of another name, with the same values") {
    table.source.layout.columns[2].name = "c";
    CHECK(table.news().empty());
  }
  CHECK(table.images_are_renewed());
  CHECK(table.row()->state == "watching");
  CHECK(table.news().empty());
  table.source.rows[0][1] = "changed";
  CHECK(told(table.news()) == Lines{R"(update ["k100"])"});
}

TEST_CASE("what changed beside a new column is told in today's columns") {
  Watched table;
  table.drop_last_column();
  table.add_column("EMAIL", std::nullopt);
  table.source.rows[1][1] = "changed";
  const auto changes = table.news();
  REQUIRE(told(changes) == Lines{R"(update ["k101"])"});
  CHECK(changes[0].changed_columns == R"(["a"])");
  CHECK(changes[0].before == R"({"k":"k101","a":"a","EMAIL":null})");
  CHECK(changes[0].after == R"({"k":"k101","a":"changed","EMAIL":null})");
  CHECK(changes[0].layout_id == table.row()->layout_id);
}

TEST_CASE("what a column became while it was away changes no row: whoever maps it looks at all of them") {
  Watched table;
  table.drop_last_column();
  CHECK(table.news().empty());
  table.add_column("b", "b");
  table.source.rows[0][2] = "changed meanwhile";
  CHECK(table.news().empty());
  CHECK(table.images_are_renewed());
}

TEST_CASE("a number with more digits behind its point is the same number") {
  CapturedTable table(small_layout());
  table.source.layout.columns[2] = {.name = "b", .type = model::ColumnType::decimal, .size = 12, .scale = 2};
  table.source.put({"x", "a", "7.50"});
  table.source.put({"y", "a", "100.00"});
  table.cycle();
  table.source.layout.columns[2].scale = 4;
  table.source.rows = {{"x", "a", "7.5000"}, {"y", "a", "100.0100"}};
  const std::int64_t before = table.last_seq();
  table.cycle();
  CHECK(told(table.changes_after(before)) == Lines{R"(update ["y"])"});
  CHECK(table.row()->state_reason.find("column b had 2 digits behind its point and has 4") != std::string::npos);
  CHECK(table.imaged() == table.held());
  // Altered between the table's description and the reading of its rows.
  table.source.rows[0][2] = "7.5";
  table.cycle();
  CHECK(table.changes_after(before).size() == 1);
  CHECK(table.imaged() == table.held());
}

TEST_CASE("the renewal of images goes on after a kill, and is known to be under way until all are renewed") {
  Watched table(40);
  bool another_process = false;
  SUBCASE("in the same process") {}
  SUBCASE("in another process") { another_process = true; }
  table.add_column("EMAIL", "x@example.org");
  const std::int64_t before = table.last_seq();
  table.source.fail_after = [](std::size_t statement) { return statement == 5 ? std::optional<std::size_t>(0) : std::nullopt; };
  CHECK_THROWS_AS(table.cycle(), Error);
  CHECK_FALSE(table.images_are_renewed());
  CHECK(table.row()->renewing);
  if (another_process) table.restart();
  table.source.fail_after = nullptr;
  table.cycle();
  CHECK(table.images_are_renewed());
  CHECK_FALSE(table.row()->renewing);
  CHECK(table.changes_after(before).empty());
}

TEST_CASE("neither a probe nor checksums spare the rows of a table whose columns changed") {
  Watched table;
  table.definition.capture.full_every_ms = 3'600'000;
  table.source.proofs = [] { return std::vector<std::string>{"unchanged"}; };
  table.source.sums = true;
  table.restart();
  table.cycle();
  table.cycle();
  REQUIRE(table.source.rows_given('a') == 0);
  table.source.layout.columns[2].name = "c";
  CHECK(table.news().empty());
  CHECK(table.images_are_renewed());
}

TEST_CASE("a column that goes between the table's description and a statement is no reason to stop") {
  Watched table;
  bool gone = false;
  table.source.before_statement = [&](std::size_t) {
    if (std::exchange(gone, true)) return;
    table.drop_last_column();
    throw Error(ErrorCode::source_schema_changed, "no such column: b");
  };
  CHECK(table.news().empty());
  CHECK(table.images_are_renewed());
}

TEST_CASE("a row that went with its columns is deleted, as its image had it") {
  Watched table;
  const auto layout = table.row()->layout_id;
  table.source.layout.columns[2].type = model::ColumnType::binary;
  table.source.erase({"k101"});
  const auto changes = table.news();
  REQUIRE(told(changes) == Lines{R"(delete ["k101"])"});
  CHECK(changes[0].before == R"({"k":"k101","a":"a","b":"b"})");
  CHECK(changes[0].layout_id == layout);
}

TEST_CASE("columns that change during the first snapshot are in every image after the pass behind it") {
  CapturedTable table(small_layout());
  for (int i = 0; i < 20; ++i) table.source.put({"k" + std::to_string(100 + i), "a", "b"});
  table.source.fail_after = [](std::size_t statement) { return statement == 3 ? std::optional<std::size_t>(0) : std::nullopt; };
  CHECK_THROWS_AS(table.cycle(), Error);
  table.source.fail_after = nullptr;
  table.source.layout.columns[2].name = "c";
  table.restart();
  CHECK(table.cycle().snapshot);
  CHECK(table.row()->renewing);
  table.cycle();
  CHECK_FALSE(table.row()->renewing);
  CHECK(table.imaged() == table.held());
  CHECK(table.changes().empty());
}

TEST_CASE("a table whose key changed stops, and goes on when it is back") {
  Watched table(1);
  const auto original = table.source.layout;
  const auto refusal = [&] {
    try {
      table.cycle();
      return std::string("none");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::source_schema_changed);
      return std::string(error.what());
    }
  };
  SUBCASE("another column") {
    table.source.layout.key = {1};
    CHECK(refusal().find("the key was [k] and is [a]") != std::string::npos);
  }
  SUBCASE("another type") {
    table.source.layout.columns[0].type = model::ColumnType::integer;
    CHECK(refusal().find("the key's column k was text and is integer") != std::string::npos);
  }
  CHECK(table.images() == 1);
  table.journal->write([&](journal::Records& records) { records.tables.set_state(table.row()->id, "paused", "its key"); });
  table.source.layout = original;
  CHECK(table.news().empty());
  CHECK(table.row()->state == "watching");
  CHECK(table.row()->state_reason.empty());
}
