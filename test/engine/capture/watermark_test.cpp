#include <doctest/doctest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "test/engine/capture/watched_orders.h"

using namespace engine;
using model::ColumnType;
using model::Growth;
using test::Orders;
using test::orders;
using test::told;
using Lines = std::vector<std::string>;

TEST_CASE("times become numbers and the same times again, whichever form a database keeps them in") {
  for (const char* text : {"2026-11-22 10:00:00", "2026-11-22 10:00:00.25", "1969-12-31 23:59:59.999999", "0001-01-01 00:00:00"}) {
    CHECK(capture::moment_text(*capture::moment_of(text), Growth::moment) == text);
  }
  CHECK(capture::moment_of("2026-11-22T10:00:00Z") == capture::moment_of("2026-11-22 10:00"));
  CHECK(capture::moment_text(*capture::moment_of("2024-02-29 23:59:59"), Growth::day) == "2024-02-29");
  for (const char* text : {"infinity", "0000-00-00 00:00:00", "2026-02-30", "1795000000", "", "2026-11-22 10", "10000-01-01 00:00:00", "2026-11-22 10:00:00+01"}) {
    CHECK_FALSE(capture::moment_of(text));
  }
  CHECK(capture::count_of("-1.5") == -2);
  CHECK(capture::count_of("12.99") == 12);
  CHECK_FALSE(capture::count_of("99999999999999999999"));
}

TEST_CASE("a cycle reads what was stamped since the last one and the overlap before it, and sends only what differs") {
  Orders table;
  for (int k = 1; k <= 20; ++k) table.put(k, "a", table.stamp(86'400));
  table.put(21, "a", table.stamp(300));
  table.news();
  CHECK(table.result.rows_read == 21);
  table.pass(3'600);
  table.put(21, "b", table.stamp());
  CHECK(table.news() == Lines{"update [21]"});
  table.put(22, "new", table.stamp());
  CHECK(table.news() == Lines{"insert [22]"});
  CHECK(table.news().empty());
  CHECK(table.result.rows_read == 2);
  CHECK(table.source.rows_given('w') + table.source.rows_given('a') == 0);
  table.pass(3'600);
  CHECK(table.news().empty());
  CHECK(table.news().empty());
  CHECK(table.result.rows_read == 0);
  CHECK(table.cycles().front().kind == "watermark");
}

TEST_CASE("a transaction that stays open past its stamp is seen at the next cycle within the overlap, and by the full reading beyond it") {
  Orders table;
  table.put(1, "a", table.stamp());
  table.news();
  table.pass(5'000);
  table.put(2, "within", table.stamp(599));
  CHECK(table.news().empty() == false);
  table.put(3, "beyond", table.stamp(1'200));
  CHECK(table.news().empty());
  CHECK(table.full_news() == Lines{"insert [3]"});
  CHECK(table.result.healed.inserts == 1);
  CHECK(table.result.healed.updates == 0);
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a change that leaves the column alone is healed by the full reading, counted, and told until one finds none") {
  Orders table;
  for (int k = 1; k <= 9; ++k) table.put(k, "a", table.stamp(86'400));
  table.news();
  table.rest();
  table.put(5, "silent", table.source.rows[4][2]);
  table.source.erase({"7"});
  CHECK(table.news().empty());
  // Told by the mode itself at the next cycle: no drift.
  table.put(8, "stamped", table.stamp(-6 * 3'600));
  CHECK(table.full_news().size() == 3);
  CHECK(table.result.healed.updates == 1);
  CHECK(table.result.healed.deletes == 1);
  CHECK(table.row()->state == "watching");
  CHECK(table.row()->state_reason.find("found 1 change that `watermark` had not seen") != std::string::npos);
  CHECK(table.news().empty());
  CHECK_FALSE(table.row()->state_reason.empty());
  CHECK(table.full_news().empty());
  CHECK(table.row()->state_reason.empty());
  CHECK(table.imaged() == table.held());
}

TEST_CASE("equal stamps at the end of a chunk and at the mark lose no row") {
  Orders table({"ts"}, orders(), 3);
  for (int k = 1; k <= 10; ++k) table.put(k, "a", table.stamp());
  table.news();
  const std::string same = table.stamp();
  for (int k = 1; k <= 7; ++k) table.put(k, "b", same);
  CHECK(table.news().size() == 7);
  for (int k = 8; k <= 14; ++k) table.put(k, "c", same);
  CHECK(table.news().size() == 7);
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a clock that is set back takes the mark with it, also while nobody watches") {
  Orders table;
  table.put(1, "a", table.stamp());
  table.news();
  table.put(2, "a", table.stamp());
  table.news();
  table.set_back(3'600);
  table.put(3, "an hour below the mark", table.stamp());
  CHECK(table.news() == Lines{"insert [3]"});
  table.restart();
  table.set_back(3'600);
  table.put(4, "set back, and long ago", table.stamp());
  table.pass(7'000);
  CHECK(table.news() == Lines{"insert [4]"});
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a database's clock that jumps forward passes by nothing that other machines stamp") {
  Orders table;
  table.put(1, "a", table.stamp());
  table.news();
  for (const bool is_killed : {false, true}) {
    CAPTURE(is_killed);
    table.set_back(-7'200);
    CHECK(table.news().empty());
    if (is_killed) table.restart();
    table.put(is_killed ? 3 : 2, "stamped by a clock that is right", table.stamp(is_killed ? 14'400 : 7'200));
    CHECK(table.news().size() == 1);
  }
  CHECK(table.result.healed.inserts == 0);
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a column that runs in another zone than the clock is followed, ahead or behind") {
  for (const std::int64_t behind : {7'200, -7'200}) {
    Orders table;
    table.put(1, "a", table.stamp(behind));
    table.news();
    for (int k = 2; k < 9; ++k) {
      table.pass(1'000);
      table.put(k, "a", table.stamp(behind));
      CHECK(table.news().size() == 1);
    }
    CHECK(table.result.healed.inserts == 0);
  }
}

TEST_CASE("a stamp of the future moves no mark") {
  Orders table;
  table.put(1, "a", "2099-01-01 00:00:00");
  table.put(2, "a", "infinity");
  table.news();
  table.put(3, "a", table.stamp());
  CHECK(table.news() == Lines{"insert [3]"});
  table.put(4, "a", table.stamp());
  CHECK(table.news() == Lines{"insert [4]"});
}

TEST_CASE("a number that is committed after a higher one is seen within the overlap, and by the full reading beyond it") {
  for (const ColumnType counter : {ColumnType::integer, ColumnType::decimal}) {
    Orders table({"id"}, orders(ColumnType::timestamp, counter));
    table.definition.capture.overlap_ids = 100;
    table.source.database_clock.reset();
    table.put(1, "a", {}, "5000");
    table.news();
    table.put(2, "a", {}, "5002");
    CHECK(table.news().size() == 1);
    table.put(3, "late", {}, "5001");
    CHECK(table.news() == Lines{"insert [3]"});
    table.put(4, "far below", {}, "4000");
    CHECK(table.news().empty());
    CHECK(table.full_news() == Lines{"insert [4]"});
    CHECK(table.result.healed.inserts == 1);
    // The counter was restarted, as a table that is emptied and filled anew does.
    table.source.rows.clear();
    table.put(5, "restarted", {}, "1");
    CHECK(table.news().empty());
    table.full_news();
    table.put(6, "a", {}, "2");
    CHECK(table.news() == Lines{"insert [6]"});
  }
}

TEST_CASE("with two columns a row is read when either has grown, and read once") {
  Orders table({"ts", "id"});
  table.definition.capture.overlap_ids = 5;
  for (int k = 1; k <= 30; ++k) table.put(k, "a", table.stamp(86'400), std::to_string(k));
  table.news();
  table.rest();
  table.put(3, "stamped", table.stamp(), "3");
  table.put(31, "numbered", std::nullopt, "31");
  table.put(32, "both", table.stamp(), "32");
  CHECK(table.news() == Lines{"update [3]", "insert [32]", "insert [31]"});
  CHECK(table.source.rows_given('k') <= 3);
  // Two by their stamps, and 25 to 31 by their numbers without 32, which has a stamp.
  CHECK(table.result.rows_read == 9);
}

TEST_CASE("a day's stamp is read again for the whole day") {
  Orders table({"ts"}, orders(ColumnType::date));
  table.put(1, "a", "2026-11-21");
  table.news();
  for (int k = 2; k < 8; ++k) {
    table.pass(3'600);
    table.put(k, "a", "2026-11-22");
    CHECK(table.news().size() == 1);
  }
  table.pass(40'000);
  table.put(8, "a", table.stamp().substr(0, 10));
  CHECK(table.news() == Lines{"insert [8]"});
}

TEST_CASE("a reading that is cut off begins again at its mark: nothing lost, nothing twice") {
  Orders table;
  for (int k = 1; k <= 20; ++k) table.put(k, "a", table.stamp(86'400));
  table.news();
  table.pass(100'000);
  for (int k = 1; k <= 20; ++k) table.put(k, "b", table.stamp(90'000 - k));
  table.source.fail_after = [](std::size_t statement) { return statement == 2 ? std::optional<std::size_t>(1) : std::nullopt; };
  const std::int64_t before = table.last_seq();
  CHECK_THROWS_AS(table.news(), const Error&);
  CHECK(table.last_seq() > before);
  table.restart();
  table.source.fail_after = {};
  table.news();
  CHECK(table.changes_after(before).size() == 20);
  CHECK(table.result.healed.updates == 0);
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a row that is stamped anew while it is read does not stop the table, and a table that never rests does not hold the cycle") {
  Orders table({"ts"}, orders(), 2);
  for (int k = 1; k <= 6; ++k) table.put(k, "a", table.stamp(86'400));
  table.news();
  table.rest();
  table.put(1, "b", table.stamp());
  int version = 0;
  table.source.before_statement = [&](std::size_t) {
    table.set_back(-1);
    table.put(1, std::to_string(++version), table.stamp());
  };
  CHECK_FALSE(table.news().empty());
  CHECK(table.source.statements.size() < 5);
  table.source.before_statement = {};
  table.news();
  CHECK(table.imaged() == table.held());
}

TEST_CASE("another column than the mark's, or another mode before, reads all rows") {
  Orders table;
  table.put(1, "a", table.stamp(86'400), "1");
  table.news();
  table.news();
  table.put(1, "silent", table.stamp(86'400), "1");
  table.watch({"ts", "id"});
  table.restart();
  CHECK(table.news() == Lines{"update [1]"});
  table.definition.capture.mode = "diff";
  table.restart();
  table.news();
  table.put(1, "seen by diff", table.stamp(86'400), "1");
  table.news();
  table.definition.capture.mode = "watermark";
  table.restart();
  table.put(1, "silent again", table.stamp(86'400), "1");
  CHECK(table.news() == Lines{"update [1]"});
}

TEST_CASE("a first snapshot that went on at its checkpoint is followed by a reading of all rows") {
  Orders table;
  for (int k = 1; k <= 12; ++k) table.put(k, "a", table.stamp(86'400));
  table.source.fail_after = [](std::size_t statement) { return statement == 2 ? std::optional<std::size_t>(1) : std::nullopt; };
  CHECK_THROWS_AS(table.news(), const Error&);
  table.source.fail_after = {};
  table.put(1, "silent", table.stamp(86'400));
  table.restart();
  table.news();
  CHECK(table.result.snapshot);
  CHECK(table.news() == Lines{"update [1]"});
  CHECK(table.news().empty());
  CHECK(table.source.rows_given('a') == 0);
}

TEST_CASE("a column that cannot be a watermark is refused with the line that names it") {
  const auto refusal = [](const std::string& column, ColumnType type) {
    Orders table({column}, orders(type));
    table.put(1, "a", table.stamp());
    try {
      table.news();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::source_refused);
      const auto file = std::ranges::find(error.context(), "file", &std::pair<std::string, std::string>::first);
      REQUIRE(file != error.context().end());
      CHECK(file->second == "tables/orders.yaml:6:20");
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal("tz", ColumnType::timestamp).find("no such column") != std::string::npos);
  CHECK(refusal("ts", ColumnType::real).find("it is a real") != std::string::npos);
  CHECK(refusal("ts", ColumnType::binary).find("it is a binary") != std::string::npos);
}

TEST_CASE("while the database cannot tell its time all rows are read") {
  Orders table;
  table.put(1, "a", table.stamp(86'400));
  table.source.database_clock.reset();
  table.cycle();
  table.put(1, "silent", table.stamp(86'400));
  table.cycle();
  CHECK(told(table.changes()) == Lines{"update [1]"});
}

TEST_CASE("a column whose time moves against the clock's is followed again after the reading of all rows that found it out") {
  Orders table;
  table.put(1, "a", table.stamp());
  table.news();
  table.rest();
  // As in autumn, where the column holds local time and the clock is asked for UTC.
  for (int k = 2; k < 5; ++k) {
    table.put(k, "an hour behind", table.stamp(3'600));
    CHECK(table.news().empty());
  }
  table.pass(6 * 3'600);
  table.put(5, "an hour behind", table.stamp(3'600));
  CHECK(table.news().size() == 4);
  CHECK(table.result.healed.inserts == 3);
  table.put(6, "an hour behind", table.stamp(3'600));
  CHECK(table.news() == Lines{"insert [6]"});
}

TEST_CASE("a reading of all rows that finds nothing amiss does not begin the overlap anew") {
  Orders table;
  for (int k = 1; k <= 9; ++k) table.put(k, "a", table.stamp(86'400));
  table.news();
  table.rest();
  table.full_news();
  CHECK(table.result.rows_read == 9);
  table.news();
  CHECK(table.result.rows_read == 0);
}

TEST_CASE("a quiet table writes a mark at most once a minute") {
  Orders table;
  table.put(1, "a", table.stamp(86'400));
  table.news();
  const auto log_size = [&] { return std::filesystem::file_size(table.journal_path().string() + "-wal"); };
  const auto quiet = log_size();
  for (int i = 0; i < 15; ++i) table.news();
  CHECK(log_size() == quiet);
  table.pass(60);
  table.news();
  CHECK(log_size() > quiet);
}
