// Rows whose key changes, told as such by `unchanged_identity`.
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using test::CapturedTable;
using test::small_layout;
using test::told;
using Lines = std::vector<std::string>;

namespace {

/// Rows of k, a and b, of which b stays when k changes.
struct Moving : CapturedTable {
  explicit Moving(int rows = 6, std::size_t chunk_rows = 4, const std::string& text = "a") : CapturedTable(small_layout(), chunk_rows) {
    for (int i = 0; i < rows; ++i) source.put({"k" + std::to_string(100 + i), text, "identity " + std::to_string(i)});
    definition.unchanged_identity = {"b"};
    restart();
    cycle();
  }
  void rekey(const std::string& from, const std::string& to) {
    for (auto& row : source.rows) {
      if (row[0] == from) row[0] = to;
    }
  }
  std::vector<model::Change> news() {
    const std::int64_t before = last_seq();
    cycle();
    return changes_after(before);
  }
};

}  // namespace

TEST_CASE("a row that gets another key is an update under the new one and then the delete of the old one") {
  Moving table;
  SUBCASE("a later one") { table.rekey("k101", "k900"); }
  SUBCASE("an earlier one") { table.rekey("k101", "k001"); }
  const std::string key = *table.source.rows[1][0];
  const auto changes = table.news();
  REQUIRE(told(changes) == Lines{"update [\"" + key + "\"]", R"(delete ["k101"])"});
  CHECK(changes[0].changed_columns == R"(["k"])");
  CHECK(changes[1].changed_columns == R"(["k"])");
  CHECK(changes[0].before == R"({"k":"k101","a":"a","b":"identity 1"})");
  CHECK(changes[0].after == "{\"k\":\"" + key + R"(","a":"a","b":"identity 1"})");
  CHECK(table.imaged() == table.held());
  CHECK(table.news().empty());
}

TEST_CASE("what changes beside the key travels with it") {
  Moving table;
  table.rekey("k101", "k900");
  table.source.rows[1][1] = "changed";
  const auto changes = table.news();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].changed_columns == R"(["k","a"])");
}

TEST_CASE("who has no identity, or shares it, goes and comes as before") {
  Moving table;
  SUBCASE("NULL") { table.source.rows[1][2] = std::nullopt; }
  SUBCASE("blanks") { table.source.rows[1][2] = "  "; }
  SUBCASE("another row that stays has it") { table.source.rows[3][2] = "identity 1"; }
  SUBCASE("another row moves with it") { table.source.put({"k800", "a", "identity 1"}); }
  table.cycle();
  table.rekey("k101", "k900");
  table.rekey("k800", "k801");
  const Lines lines = told(table.news());
  CHECK(std::ranges::find(lines, R"(insert ["k900"])") < std::ranges::find(lines, R"(delete ["k101"])"));
  CHECK(std::ranges::find(lines, R"(update ["k900"])") == lines.end());
  CHECK(table.imaged() == table.held());
}

TEST_CASE("one that comes beside the row that moves, with its values, makes it a guess") {
  Moving table;
  table.rekey("k101", "k900");
  table.source.put({"k901", "a", "identity 1"});
  CHECK(told(table.news()) == Lines{R"(insert ["k900"])", R"(insert ["k901"])", R"(delete ["k101"])"});
}

TEST_CASE("two rows that exchange their keys are two that changed") {
  Moving table;
  table.rekey("k101", "kept");
  table.rekey("k102", "k101");
  table.rekey("kept", "k102");
  CHECK(told(table.news()) == Lines{R"(update ["k101"])", R"(update ["k102"])"});
}

TEST_CASE("a row that came with a new key is missed when it goes, also where checksums of ranges spare the reading") {
  Moving table(40);
  table.source.sums = true;
  table.definition.capture.full_every_ms = 3'600'000;
  table.restart();
  table.cycle();
  table.rekey("k101", "k1015");
  CHECK(table.news().size() == 2);
  table.source.erase({"k1015"});
  CHECK(told(table.news()) == Lines{R"(delete ["k1015"])"});
  table.source.erase({"k102"});
  CHECK(told(table.news()) == Lines{R"(delete ["k102"])"});
}

TEST_CASE("a killed cycle tells moved rows in the next one") {
  Moving table(40);
  const auto before = table.imaged();
  const std::int64_t seq = table.last_seq();
  for (int i = 0; i < 40; i += 3) table.rekey("k" + std::to_string(100 + i), "m" + std::to_string(i));
  table.source.fail_after = [](std::size_t statement) { return statement % 7 == 6 ? std::optional<std::size_t>(0) : std::nullopt; };
  CHECK_THROWS_AS(table.cycle(), Error);
  table.source.fail_after = nullptr;
  table.restart();
  table.cycle();
  CHECK(table.imaged() == table.held());
  CHECK(table.changes_after(seq).size() == 2 * 14);
}

TEST_CASE("more than waits at once is told as far as it meets, and none is lost") {
  Moving table(300, 50, std::string(20'000, 'a'));
  const std::int64_t before = table.last_seq();
  for (int i = 0; i < 300; ++i) table.rekey("k" + std::to_string(100 + i), "m" + std::to_string(100 + i));
  table.cycle();
  CHECK(table.images() == 300);
  CHECK(table.imaged() == table.held());
  CHECK(table.changes_after(before).size() == 600);
}

TEST_CASE("an identity that the table does not have is refused by name") {
  Moving table;
  table.definition.unchanged_identity = {"vat"};
  table.restart();
  CHECK_THROWS_WITH_AS(table.cycle(), doctest::Contains("vat"), Error);
}

TEST_CASE("a log that names both keys tells a row that moved, one that went on to a third key, and none that came back") {
  Moving table;
  table.definition.capture.mode = "tail";
  table.definition.capture.log = "change_log";
  table.definition.capture.full_every_ms = 86'400'000;
  table.source.log.emplace();
  table.restart();
  table.cycle();
  const auto move = [&](const std::string& from, const std::string& to) {
    table.rekey(from, to);
    table.source.log->add({from}, {"7", {}, {}});
    table.source.log->add({to}, {"7", {}, {}});
  };
  move("k101", "k900");
  const auto changes = table.news();
  REQUIRE(told(changes) == Lines{R"(update ["k900"])", R"(delete ["k101"])"});
  CHECK(changes[0].source_transaction == "7");
  CHECK(changes[1].source_transaction == "7");
  move("k102", "k901");
  move("k901", "k902");
  CHECK(told(table.news()) == Lines{R"(update ["k902"])", R"(delete ["k102"])"});
  move("k103", "k903");
  move("k903", "k103");
  CHECK(table.news().empty());
  CHECK(table.imaged() == table.held());
  CHECK(table.source.log->entries.empty());
}
