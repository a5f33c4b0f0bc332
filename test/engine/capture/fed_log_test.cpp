// A log that the database keeps by itself: journaled first, confirmed, and read from the journal.
#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using test::CapturedTable;
using test::small_layout;
using test::told;
using Lines = std::vector<std::string>;

namespace {

/// A table whose database tells what changes, with these rows, its first snapshot taken.
struct Fed : CapturedTable {
  explicit Fed(const Lines& keys, std::size_t chunk_rows = 4) : CapturedTable(small_layout(), chunk_rows) {
    definition.capture.mode = "tail";
    definition.capture.by = "slot";
    definition.capture.log = "slot";
    definition.capture.sharing = {{definition.name, "t", {"k"}}};
    definition.capture.full_every_ms = 86'400'000;
    source.feed.emplace();
    for (const std::string& key : keys) source.put({key, "a", "b"});
  }

  void change(const std::string& key, const std::string& value) {
    source.put({key, value, "b"});
    source.feed->add(key);
  }
  void remove(const std::string& key) {
    source.erase({key});
    source.feed->add(key);
  }
  Lines news() {
    const std::int64_t before = last_seq();
    cycle();
    return told(changes_after(before));
  }
  std::int64_t waiting() { return journal->read()->feeds.waiting(row()->id).changes; }
};

}  // namespace

TEST_CASE("what the database's own log tells is read by key, and the log may forget it") {
  Fed table({"x", "y", "z"});
  table.cycle();
  table.change("x", "a2");
  table.change("new", "a");
  table.remove("y");
  CHECK(table.news() == Lines{"update [\"x\"]", "insert [\"new\"]", "delete [\"y\"]"});
  CHECK(table.source.rows_given('k') == 2);
  CHECK(table.source.feed->confirmed == table.source.feed->end);
  CHECK(table.waiting() == 0);
  CHECK(table.changes().front().source_transaction == "1");
  CHECK(table.imaged() == table.held());
  CHECK(table.news().empty());
}

TEST_CASE("what was confirmed and not yet read survives a kill") {
  Fed table({"x", "y"});
  table.cycle();
  table.change("x", "a2");
  table.remove("y");
  table.source.before_statement = [](std::size_t) { throw Error(ErrorCode::source_unreachable, "the connection was lost"); };
  CHECK_THROWS_AS(table.cycle(), Error);
  CHECK(table.source.feed->news.empty());
  table.restart();
  table.source.before_statement = nullptr;
  CHECK(table.news() == Lines{"update [\"x\"]", "delete [\"y\"]"});
  CHECK(table.source.rows_given('a') == 0);
}

TEST_CASE("what was kept and not confirmed is told again and changes nothing") {
  Fed table({"x"});
  table.cycle();
  table.change("x", "a2");
  table.source.feed->before_confirming = [] { throw Error(ErrorCode::source_unreachable, "the connection was lost"); };
  CHECK_THROWS_AS(table.cycle(), Error);
  table.restart();
  table.source.feed->before_confirming = nullptr;
  CHECK(table.news() == Lines{"update [\"x\"]"});
  CHECK(table.news().empty());
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a log that is gone, or was made anew by somebody else, has all rows read, and is followed again from there") {
  for (const bool is_gone : {true, false}) {
    CAPTURE(is_gone);
    Fed table({"x", "y"});
    table.cycle();
    table.change("x", "a2");
    table.news();
    table.source.put({"y", "unseen", "b"});
    is_gone ? void(table.source.feed->is_there = false) : table.source.feed->make_anew();
    CHECK(table.news() == Lines{"update [\"y\"]"});
    CHECK(table.source.feed->is_there);
    table.change("x", "a3");
    CHECK(table.news() == Lines{"update [\"x\"]"});
    CHECK(table.source.rows_given('a') == 0);
  }
}

TEST_CASE("a log for whose sake the server keeps too much is given up") {
  Fed table({"x"});
  table.cycle();
  table.source.put({"x", "a2", "b"});
  table.source.feed->retained_bytes = table.definition.capture.log_bytes_max + 1;
  CHECK(table.news() == Lines{"update [\"x\"]"});
  CHECK(table.source.feed->retained_bytes == 0);
}

TEST_CASE("a log that never was is not made by the daemon") {
  Fed table({"x"});
  table.source.feed->is_there = false;
  CHECK_THROWS_AS(table.cycle(), Error);
  CHECK_FALSE(table.source.feed->is_there);
}

TEST_CASE("another table behind the name, and a statement that names no row, have all rows read") {
  Fed table({"x"});
  table.cycle();
  table.source.feed->identity = "2";
  table.source.put({"x", "other", "b"});
  CHECK(table.news() == Lines{"update [\"x\"]"});
  table.source.erase({"x"});
  table.source.feed->add_any();
  CHECK(table.news() == Lines{"delete [\"x\"]"});
}

TEST_CASE("the wish to read all rows outlives a reading that was interrupted, whatever changed meanwhile") {
  Fed table({"a", "b", "c", "d", "e", "f", "g", "h"}, 2);
  table.cycle();
  table.source.feed->add_any();
  table.source.put({"h", "unlogged", "b"});
  std::size_t chunks = 0;
  table.source.before_statement = [&](std::size_t statement) {
    if (table.source.statements[statement].kind != 'a') return;
    if (++chunks == 2) table.change("a", "logged");
    if (chunks == 4) throw Error(ErrorCode::source_unreachable, "the connection was lost");
  };
  CHECK_THROWS_AS(table.cycle(), Error);
  table.restart();
  table.source.before_statement = nullptr;
  table.cycle();
  table.cycle();
  CHECK(table.imaged() == table.held());
  CHECK(table.waiting() == 0);
}

TEST_CASE("changes stream on between the chunks of the first snapshot, and the newer state wins") {
  Fed table({"a", "b", "c", "d", "e", "f", "g", "h"}, 2);
  table.definition.initial = settings::Initial::deliver;
  std::size_t chunks = 0;
  table.source.before_statement = [&](std::size_t statement) {
    if (table.source.statements[statement].kind != 'a' || ++chunks != 3) return;
    table.change("a", "newer");   // read already
    table.change("h", "newer");   // not read yet
    table.remove("b");
    table.remove("g");
  };
  table.cycle();
  const Lines all = told(table.changes());
  CHECK(std::ranges::count(all, "snapshot [\"a\"]") == 1);
  CHECK(std::ranges::count(all, "update [\"a\"]") == 1);
  CHECK(std::ranges::count(all, "delete [\"b\"]") == 1);
  CHECK(std::ranges::count(all, "snapshot [\"h\"]") == 1);
  CHECK(std::ranges::count(all, "update [\"h\"]") == 0);
  CHECK(std::ranges::count(all, "snapshot [\"g\"]") == 0);
  CHECK(table.imaged() == table.held());
  CHECK(table.waiting() == 0);
  table.source.before_statement = nullptr;
  CHECK(table.news().empty());
}

TEST_CASE("what has all rows read while a reading of all rows goes on has them read once more") {
  for (const bool is_lost : {false, true}) {
    CAPTURE(is_lost);
    Fed table({"a", "b", "c", "d", "e", "f"}, 2);
    // Called when the rows of the first chunk are on their way.
    table.source.cut_short = [&](std::size_t statement) -> std::optional<std::size_t> {
      if (statement != 0) return std::nullopt;
      table.source.put({"a", "behind the reading", "b"});
      table.source.erase({"b"});
      is_lost ? void(table.source.feed->is_there = false) : table.source.feed->add_any();
      return std::nullopt;
    };
    table.cycle();
    table.source.cut_short = nullptr;
    CHECK(table.waiting() == 1);
    CHECK(table.news() == Lines{"update [\"a\"]", "delete [\"b\"]"});
    CHECK(table.imaged() == table.held());
    CHECK(table.waiting() == 0);
    CHECK(table.news().empty());
    CHECK(table.source.rows_given('a') == 0);
  }
}
