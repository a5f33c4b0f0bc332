#include <doctest/doctest.h>

#include <random>

#include "engine/base/error.h"
#include "engine/base/metrics.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using test::CapturedTable;
using test::FakeLog;
using test::small_layout;
using test::told;
using Lines = std::vector<std::string>;

namespace {

/// A table whose changes are logged, with these rows, its first snapshot taken.
struct Tailed : CapturedTable {
  explicit Tailed(const Lines& keys, std::size_t chunk_rows = 4) : CapturedTable(small_layout(), chunk_rows) {
    definition.capture.mode = "tail";
    definition.capture.log = "change_log";
    definition.capture.full_every_ms = 86'400'000;
    source.log.emplace();
    for (const std::string& key : keys) source.put({key, "a", "b"});
    cycle();
  }

  void change(const std::string& key, const std::string& value, model::Provenance provenance = {}) {
    source.put({key, value, "b"});
    source.log->add({key}, std::move(provenance));
  }
  void remove(const std::string& key) {
    source.erase({key});
    source.log->add({key});
  }
  /// Cycles once and returns what the journal was told by it.
  Lines news() {
    const std::int64_t before = last_seq();
    cycle();
    return told(changes_after(before));
  }
};

}  // namespace

TEST_CASE("a tail reads the rows that the log names, and deletes the entries") {
  Tailed table({"x", "y", "z"});
  table.change("x", "a2");
  table.change("new", "a");
  table.remove("y");
  CHECK(table.news() == Lines{"update [\"x\"]", "insert [\"new\"]", "delete [\"y\"]"});
  CHECK(table.source.rows_given('a') == 0);
  CHECK(table.source.rows_given('k') == 2);
  CHECK(table.source.log->entries.empty());
  CHECK(table.imaged() == table.held());
  CHECK(table.cycles().front().kind == "tail");
}

TEST_CASE("an empty log costs one look and no row") {
  Tailed table({"x"});
  table.source.log->looks = 0;
  CHECK(table.news().empty());
  CHECK(table.source.log->looks == 1);
  CHECK(table.source.statements.empty());
}

TEST_CASE("a change carries who made it, when, and in which transaction") {
  Tailed table({"x"});
  table.change("x", "a2", {"4711", 1'700'000'000'000, "anna"});
  table.change("x", "a3", {"4712", 1'700'000'000'001, "bruno"});
  table.cycle();
  const auto change = table.changes().back();
  CHECK(change.source_transaction == "4712");
  CHECK(change.source_time_ms == 1'700'000'000'001);
  CHECK(change.source_user == "bruno");
}

TEST_CASE("which transactions changed the same row between two looks is noted where a pipeline delivers together, and only there") {
  Tailed table({"x", "y", "z"});
  const auto ties = [&] { return table.journal->read()->cycles.ties(table.cycles().front().id); };
  const auto change = [&](const std::string& value) {
    table.change("x", value, {"7", {}, {}});
    table.change("y", value, {"7", {}, {}});
    table.change("x", value + "2", {"8", {}, {}});
    table.change("z", value, {"9", {}, {}});
    table.cycle();
  };
  change("a");
  CHECK(ties().empty());
  table.definition.capture.ties_transactions = true;
  table.restart();
  change("b");
  CHECK(ties() == std::vector<std::pair<std::string, std::string>>{{"8", "7"}});
  // What else the transactions before the last one of a row changed, nobody knows.
  table.source.log->names_each_change = false;
  table.restart();
  change("c");
  CHECK(ties().front() == std::pair<std::string, std::string>{"", ""});
}

TEST_CASE("a row that shows a transaction which the log named later is journaled in one cycle with that transaction's other rows") {
  Tailed table({"x", "y", "z"});
  table.definition.capture.ties_transactions = true;
  table.restart();
  table.change("x", "a1", {"7", {}, {}});
  // Committed after the log was read, and before the row is.
  table.source.before_statement = [&](std::size_t) {
    table.source.before_statement = nullptr;
    table.change("x", "a2", {"8", {}, {}});
    table.change("y", "a2", {"8", {}, {}});
  };
  const std::int64_t before = table.last_seq();
  table.cycle();
  const auto changes = table.changes_after(before);
  CHECK(told(changes) == Lines{"update [\"x\"]", "update [\"y\"]"});
  CHECK(changes.front().cycle_id == changes.back().cycle_id);
  CHECK(table.journal->read()->cycles.ties(changes.front().cycle_id) == std::vector<std::pair<std::string, std::string>>{{"8", "7"}});
  // What has nothing to do with the rows that were read waits for the next look.
  table.source.before_statement = [&](std::size_t) {
    table.source.before_statement = nullptr;
    table.change("z", "a3", {"10", {}, {}});
  };
  table.change("x", "a3", {"9", {}, {}});
  CHECK(table.news() == Lines{"update [\"x\"]"});
  CHECK(table.news() == Lines{"update [\"z\"]"});
  CHECK(table.source.log->entries.empty());
}

TEST_CASE("an entry that becomes visible later, with a lower number, is read all the same") {
  Tailed table({"x", "y"});
  const std::size_t late = table.source.log->entries.size();
  table.change("x", "late");
  table.source.log->entries[late].visible = false;
  const auto row = table.source.rows[0];
  table.source.put({"x", "a", "b"});  // not committed yet
  table.change("y", "a2");
  CHECK(table.news() == Lines{"update [\"y\"]"});
  CHECK(table.source.log->entries_of("x") == 1);
  table.source.put(row);
  table.source.log->entries[0].visible = true;
  CHECK(table.news() == Lines{"update [\"x\"]"});
  CHECK(table.source.log->entries.empty());
}

TEST_CASE("entries that could not be deleted are read again, and change nothing") {
  Tailed table({"x"});
  table.change("x", "a2");
  table.source.log->before_deleting = [] { throw Error(ErrorCode::source_busy, "locked"); };
  CHECK_THROWS_AS(table.cycle(), Error);
  CHECK(told(table.changes()) == Lines{"update [\"x\"]"});
  table.source.log->before_deleting = nullptr;
  table.restart();
  CHECK(table.news().empty());
  CHECK(table.source.log->entries.empty());
}

TEST_CASE("a key that changed is the delete of one row and the insert of another") {
  Tailed table({"x"});
  table.source.erase({"x"});
  table.source.put({"y", "a", "b"});
  table.source.log->add({"x"});
  table.source.log->add({"y"});
  CHECK(table.news() == Lines{"insert [\"y\"]", "delete [\"x\"]"});
}

TEST_CASE("an entry that names no row has all rows read") {
  Tailed table({"x", "y", "z"});
  table.source.rows.clear();
  table.source.log->add({});
  CHECK(table.news().size() == 3);
  CHECK(table.source.log->entries.empty());
  table.source.statements.clear();
  CHECK(table.news().empty());
  CHECK(table.source.statements.empty());
}

TEST_CASE("the entry by which a log begins is served by the first snapshot, unless that was interrupted") {
  for (const bool killed : {false, true}) {
    CAPTURE(killed);
    CapturedTable table(small_layout(), 2);
    table.definition.capture.mode = "tail";
    table.definition.capture.full_every_ms = 86'400'000;
    table.source.log.emplace();
    table.source.log->add({});
    for (const char* key : {"a", "b", "c"}) table.source.put({key, "1", "b"});
    if (killed) {
      table.source.before_statement = [&](std::size_t statement) {
        if (statement == 1) throw Error(ErrorCode::source_unreachable, "lost");
      };
      CHECK_THROWS_AS(table.cycle(), Error);
      table.source.before_statement = nullptr;
      table.restart();
    }
    table.cycle();
    CHECK(table.source.log->entries.empty() != killed);
    table.cycle();
    CHECK(table.source.log->entries.empty());
    CHECK((table.source.rows_given('a') > 0) == killed);
  }
}

TEST_CASE("changes logged while the first snapshot goes on are read between its chunks, also when it was killed in between") {
  CapturedTable table(small_layout(), 2);
  table.definition.capture.mode = "tail";
  table.definition.capture.log = "change_log";
  table.definition.capture.full_every_ms = 86'400'000;
  table.definition.initial = settings::Initial::deliver;
  table.source.log.emplace();
  for (const char* key : {"a", "b", "c", "d", "e"}) table.source.put({key, "1", "b"});
  table.source.before_statement = [&](std::size_t statement) {
    // Statement 0 opens the first chunk, which reads a and b.
    if (statement == 1) {
      table.source.put({"a", "2", "b"});
      table.source.log->add({"a"});
      throw Error(ErrorCode::source_unreachable, "lost");
    }
  };
  CHECK_THROWS_AS(table.cycle(), Error);
  table.source.before_statement = nullptr;
  table.restart();
  table.cycle();
  CHECK(table.source.log->entries.empty());
  CHECK(std::ranges::count(told(table.changes()), "update [\"a\"]") == 1);
  CHECK(table.imaged() == table.held());
  // What nobody logged before it went on is found by the next cycle, which reads all once more.
  table.source.put({"b", "unlogged", "b"});
  table.cycle();
  CHECK(told(table.changes()).back() == "update [\"b\"]");
}

TEST_CASE("thousands of rows that come before a full reading gets there are no doubled keys") {
  Tailed table({"a", "b", "c", "d", "e", "f"});
  table.clock.advance(86'400'000);
  table.source.before_statement = [&](std::size_t statement) {
    if (statement != 0) return;
    // One transaction: some rows behind the first chunk, most of them before it.
    for (int i = 0; i < 1'500; ++i) {
      const std::string number = std::to_string(10'000 + i);
      table.change("z" + number, "new");
      if (i < 50) table.change("a" + number, "new");
    }
    table.remove("b");
    table.remove("f");
  };
  table.cycle();
  table.source.before_statement = nullptr;
  CHECK(table.source.log->entries.empty());
  CHECK(table.imaged() == table.held());
  CHECK(table.news().empty());
}

TEST_CASE("a log that grew too long is emptied, and all rows are read even when that is interrupted") {
  for (const bool is_killed : {false, true}) {
    CAPTURE(is_killed);
    Tailed table({"x", "y"});
    table.definition.capture.log_rows_max = 2;
    table.restart();
    // Read by this process, not long ago.
    table.clock.advance(86'400'000);
    table.cycle();
    for (int i = 0; i < 3; ++i) table.change("x", "a" + std::to_string(i));
    table.source.put({"unlogged", "a", "b"});
    table.source.before_statement = [](std::size_t) { throw Error(ErrorCode::source_unreachable, "lost"); };
    CHECK_THROWS_AS(table.cycle(), Error);
    CHECK(table.source.log->entries.empty());
    table.source.before_statement = nullptr;
    if (is_killed) table.restart();
    CHECK(table.news() == Lines{"insert [\"unlogged\"]", "update [\"x\"]"});
    CHECK(table.news().empty());
    CHECK(table.source.rows_given('a') == 0);
  }
}

TEST_CASE("a log that is lost behind its first page has all rows read, however many of them were read for it") {
  Lines keys;
  for (int i = 0; i < 1'500; ++i) keys.push_back("k" + std::to_string(10'000 + i));
  Tailed table(keys, 400);
  table.source.log->page_entries = 1'400;
  for (const std::string& key : keys) table.change(key, "a2");
  table.source.put({"unlogged", "a", "b"});
  table.source.log->before_page = [pages = 0]() mutable {
    if (++pages == 2) throw model::LogLost("it was emptied");
  };
  CHECK(table.news().size() == 1'501);
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a full reading at its interval finds what no trigger saw") {
  Tailed table({"x", "y"});
  table.source.put({"x", "unlogged", "b"});
  CHECK(table.news().empty());
  table.clock.advance(86'400'000);
  CHECK(table.news() == Lines{"update [\"x\"]"});
  CHECK(table.source.rows_given('a') == 2);
}

TEST_CASE("a table without its triggers is refused rather than taken for a quiet one") {
  Tailed table({"x"});
  table.source.log->has_triggers = false;
  table.clock.advance(60'000);
  CHECK_THROWS_AS(table.cycle(), Error);
}

TEST_CASE("what another mode left behind is no position of a tail: all rows are read once") {
  CapturedTable table(small_layout());
  table.source.put({"x", "a", "b"});
  table.cycle();
  table.definition.capture.mode = "tail";
  table.definition.capture.log = "change_log";
  table.definition.capture.full_every_ms = 86'400'000;
  table.source.log.emplace();
  table.source.put({"x", "before the log", "b"});
  table.restart();
  table.cycle();
  CHECK(told(table.changes()) == Lines{"update [\"x\"]"});
}

TEST_CASE("without a log, as in a case, all rows are read each time") {
  Tailed table({"x"});
  table.source.log.reset();
  table.source.put({"x", "a2", "b"});
  CHECK(table.news() == Lines{"update [\"x\"]"});
}

TEST_CASE("random edits, late commits and kills: the images end as the source is") {
  std::mt19937 random(4711);
  const auto below = [&random](std::size_t end) { return static_cast<std::size_t>(random() % end); };
  Tailed table({"k0", "k1", "k2", "k3", "k4"}, 2);
  std::map<std::string, std::string> state = table.imaged();
  std::int64_t seen = table.last_seq();
  for (int round = 0; round < 300; ++round) {
    const std::string key = "k" + std::to_string(below(12));
    if (below(4) == 0) {
      table.remove(key);
    } else {
      table.change(key, "v" + std::to_string(round));
    }
    // A row that is seen before its entry is: read without harm, and again when the entry shows.
    table.source.log->entries.back().visible = below(3) != 0;
    if (below(5) == 0) {
      for (FakeLog::Entry& entry : table.source.log->entries) entry.visible = true;
    }
    if (below(6) == 0) table.source.before_statement = [](std::size_t) { throw Error(ErrorCode::source_unreachable, "lost"); };
    if (below(6) == 0) table.source.log->before_deleting = [] { throw Error(ErrorCode::source_busy, "locked"); };
    try {
      table.cycle();
    } catch (const Error&) {
      table.restart();
    }
    table.source.before_statement = nullptr;
    table.source.log->before_deleting = nullptr;
  }
  for (FakeLog::Entry& entry : table.source.log->entries) entry.visible = true;
  table.cycle();
  CHECK(table.imaged() == table.held());
  CHECK(table.source.log->entries.empty());
  CHECK(table.applied(state, table.changes_after(seen)) == table.held());
}

TEST_CASE("changes whose entries wait when all rows are read are no drift; one without an entry is") {
  Tailed table({"a", "b", "c", "d", "e", "f", "g", "h"}, 3);
  table.definition.name = "of_a_busy_application";
  const auto drift = [](int rows) {
    return metrics_text().find(fmt::format("datapicker_capture_healed_rows_total{{operation=\"any\",table=\"of_a_busy_application\"}} {}\n", rows)) != std::string::npos;
  };
  table.restart();
  table.cycle();
  table.clock.advance(86'400'000);
  table.change("a", "a2");
  table.change("h", "a2");
  CHECK(table.news() == Lines{"update [\"a\"]", "update [\"h\"]"});
  CHECK(table.source.rows_given('a') > 0);
  CHECK_FALSE(drift(1));
  CHECK_FALSE(drift(2));
  table.clock.advance(86'400'000);
  table.change("a", "a3");
  table.source.put({"c", "silent", "b"});
  CHECK(table.news() == Lines{"update [\"a\"]", "update [\"c\"]"});
  CHECK(drift(1));
  // Once before its chunk is read and once more before its entries are.
  table.clock.advance(86'400'000);
  table.change("a", "a4");
  table.source.log->add({"a"});
  // Statement 0 opens the first chunk, which reads a.
  table.source.before_statement = [&](std::size_t statement) {
    if (statement == 1) table.source.put({"a", "a5", "b"});
  };
  CHECK(table.news() == Lines{"update [\"a\"]", "update [\"a\"]"});
  CHECK(drift(1));
}
