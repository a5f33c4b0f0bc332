#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "engine/base/error.h"
#include "engine/base/text/durations.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using test::CapturedTable;
using test::small_layout;
using test::told;

namespace {

std::string key_of(int number) {
  std::string key = std::to_string(number);
  return "k" + std::string(6 - key.size(), '0') + key;
}

/// So many rows, read until their checksums are known: the next cycle may be spared.
struct Settled : CapturedTable {
  using Key = test::FakeSource::Key;
  explicit Settled(int rows, std::size_t chunk_rows = 10, bool backwards = false) : CapturedTable(small_layout(), chunk_rows) {
    // The server's order need not be ours.
    if (backwards) source.compare = [](const Key& one, const Key& other) { return other[0].compare(one[0]); };
    definition.capture.full_every_ms = hour_ms;
    source.sums = true;
    for (int i = 0; i < rows; ++i) source.rows.push_back({key_of(i), "a", "b"});
    for (int i = 0; i < 2; ++i) cycle();
  }
};

}  // namespace

TEST_CASE("a cycle over a table whose checksums are the same reads no row") {
  Settled table(100);
  const auto result = table.cycle();
  CHECK(result.rows_read == 0);
  CHECK(table.source.rows_given('a') == 0);
  CHECK(table.changes().empty());
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a changed, a new and a deleted row cost the reading of their ranges alone, and deletes come last") {
  Settled table(1000, 100);
  table.source.put({key_of(205), "changed", "b"});
  table.source.put({key_of(1000), "new", "b"});
  table.source.erase({key_of(777)});
  const auto result = table.cycle();
  CHECK(told(table.changes()) == std::vector<std::string>{R"(update ["k000205"])", R"(insert ["k001000"])", R"(delete ["k000777"])"});
  CHECK(result.rows_read <= 301);
  CHECK(table.imaged() == table.held());
  CHECK(table.cycle().rows_read == 0);
}

TEST_CASE("a value that changes between a checksum and the reading, and back after it, is found again") {
  Settled table(100);
  table.source.put({key_of(50), "first", "b"});
  table.source.before_statement = [&](std::size_t statement) {
    if (statement == 1) table.source.put({key_of(51), "between", "b"});
  };
  table.cycle();
  table.source.before_statement = nullptr;
  table.source.put({key_of(51), "a", "b"});
  table.cycle();
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a value that a person had read, and that changed back after it, is found again") {
  Settled table(100);
  table.source.put({key_of(51), "for a moment", "b"});
  table.read_again({key_of(51)});
  table.source.put({key_of(51), "a", "b"});
  table.cycle();
  CHECK(table.imaged() == table.held());
}

TEST_CASE("the rows of a range that were all deleted are found, the last range's and the first's too") {
  for (const auto& [from, to] : {std::pair(0, 100), std::pair(300, 400), std::pair(900, 1000)}) {
    Settled table(1000, 100);
    for (int i = from; i < to; ++i) table.source.erase({key_of(i)});
    CHECK(table.cycle().deletes == 100);
    CHECK(table.imaged() == table.held());
  }
}

TEST_CASE("a range in which changes come again is read in smaller pieces") {
  Settled table(12'000, 3'000);
  for (int round = 0; round < 6; ++round) {
    table.source.put({key_of(10), "round " + std::to_string(round), "b"});
    table.cycle();
  }
  table.source.put({key_of(10), "last", "b"});
  CHECK(table.cycle().rows_read <= 2'000);
  CHECK(table.imaged() == table.held());
}

TEST_CASE("checksums that spare nothing are left out for a while, and asked again after it") {
  Settled table(4'000, 1'000);
  // Scattered over all ranges: each comparison ends in reading everything.
  const auto sums_of_a_cycle_with_scattered_changes = [&table](int round) {
    for (int i = 0; i < 4'000; i += 50) table.source.put({key_of(i), "round " + std::to_string(round), "b"});
    CHECK(table.cycle().rows_read == 4'000);
    const auto sums = std::ranges::count(table.source.statements, 's', &test::FakeSource::Statement::kind);
    CHECK(table.imaged() == table.held());
    return sums;
  };
  int round = 0;
  while (sums_of_a_cycle_with_scattered_changes(round) > 0 && round < 20) ++round;
  CHECK(round == 5);
  CHECK(table.cycle().rows_read == 4'000);
  table.clock.advance(hour_ms / 2);
  table.cycle();
  CHECK(table.cycle().rows_read == 0);
}

TEST_CASE("a cycle that failed in the middle is not taken for one that read its rows") {
  Settled table(1000, 100);
  table.source.put({key_of(5), "x", "b"});
  table.source.put({key_of(900), "y", "b"});
  table.source.fail_after = [&](std::size_t) {
    const auto ranges = std::ranges::count(table.source.statements, 'a', &test::FakeSource::Statement::kind);
    return ranges == 2 ? std::optional<std::size_t>(3) : std::nullopt;
  };
  CHECK_THROWS_AS(table.cycle(), Error);
  table.source.fail_after = nullptr;
  // As they were: their checksums alone would say that nothing happened.
  table.source.put({key_of(5), "a", "b"});
  table.source.put({key_of(900), "a", "b"});
  table.cycle();
  CHECK(table.imaged() == table.held());
}

TEST_CASE("all rows are read at the latest after full_every, whatever the checksums say") {
  Settled table(100);
  table.clock.advance(hour_ms);
  CHECK(table.cycle().rows_read == 100);
  CHECK(table.cycle().rows_read == 0);
}

TEST_CASE("a source that proves that nothing changed is asked for nothing else") {
  Settled table(100);
  std::string now = "1";
  table.source.proofs = [&] { return std::vector<std::string>{now}; };
  table.cycle();
  CHECK(table.cycle().rows_read == 0);
  CHECK(table.source.statements.empty());
  table.source.put({key_of(7), "changed", "b"});
  now = "2";
  CHECK(table.cycle().updates == 1);
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a proof that was given before a cycle failed proves nothing after it") {
  Settled table(100);
  std::string now = "1";
  table.source.proofs = [&] { return std::vector<std::string>{now}; };
  table.cycle();
  table.source.put({key_of(7), "changed", "b"});
  now = "2";
  table.source.fail_after = [](std::size_t) { return std::optional<std::size_t>(0); };
  CHECK_THROWS_AS(table.cycle(), Error);
  table.source.fail_after = nullptr;
  CHECK(table.cycle().updates == 1);
}

TEST_CASE("a table without an index on its key is proved unchanged, but not compared by ranges") {
  CapturedTable table(small_layout());
  table.definition.capture.full_every_ms = hour_ms;
  table.source.key_is_indexed = false;
  table.source.sums = true;
  std::string now = "1";
  table.source.proofs = [&] { return std::vector<std::string>{now}; };
  for (int i = 0; i < 20; ++i) table.source.put({key_of(i), "a", "b"});
  table.cycle();
  CHECK(table.cycle().rows_read == 0);
  now = "2";
  table.source.erase({key_of(3)});
  CHECK(table.cycle().deletes == 1);
  CHECK(table.source.rows_given('s') == 0);
}

TEST_CASE("whatever happens to a table, its images equal it after each cycle") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Settled table(static_cast<int>(random() % 300), 1 + random() % 60, seed % 2 == 0);
    for (int cycle = 0; cycle < 12; ++cycle) {
      for (unsigned change = random() % 12; change > 0; --change) {
        const std::string key = key_of(static_cast<int>(random() % 400));
        if (random() % 3 == 0) table.source.erase({key});
        else table.source.put({key, std::to_string(random() % 5), "b"});
      }
      if (random() % 10 == 0) table.source.rows.clear();
      const bool fails = random() % 5 == 0;
      const std::size_t at = random() % 6;
      if (fails) table.source.fail_after = [at](std::size_t statement) { return statement == at ? std::optional<std::size_t>(0) : std::nullopt; };
      try {
        table.cycle();
        CHECK(table.imaged() == table.held());
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::source_unreachable);
      }
      table.source.fail_after = nullptr;
    }
    table.cycle();
    CHECK(table.imaged() == table.held());
  }
}
