// A range of keys that is read again between the cycles.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/base/error.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using namespace test;

namespace {

std::string key_of(int number) { return fmt::format("k{:03}", number); }

struct Filled : CapturedTable {
  Filled() : CapturedTable(small_layout(), 10) {
    definition.capture.full_every_ms = 3'600'000;
    for (int i = 0; i < 50; ++i) source.put({key_of(i), "a", "b"});
    cycle();
    cycle();
  }
};

std::size_t rows_of(const std::vector<capture::ChunkRows>& chunks) {
  std::size_t rows = 0;
  for (const auto& chunk : chunks) rows += chunk.ordinals.size();
  return rows;
}

}  // namespace

TEST_CASE("a range of keys is read in chunks, both its ends included, and what had changed is journaled") {
  Filled table;
  table.source.put({key_of(10), "first", "b"});
  table.source.put({key_of(19), "last", "b"});
  table.source.put({key_of(20), "behind it", "b"});
  const auto chunks = table.read_range(key_of(10), key_of(19), 4);
  CHECK(chunks.size() > 2);
  CHECK(rows_of(chunks) == 10);
  CHECK(told(table.changes()) == std::vector<std::string>{R"(update ["k010"])", R"(update ["k019"])"});
  table.cycle();
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a range without ends is the table, one that begins at no row begins behind it, and one without rows is done at once") {
  Filled table;
  CHECK(rows_of(table.read_range(std::nullopt, std::nullopt, 7)) == 50);
  CHECK(rows_of(table.read_range(std::nullopt, key_of(4), 100)) == 5);
  CHECK(rows_of(table.read_range("k0105", "k0125", 100)) == 2);
  CHECK(rows_of(table.read_range("x", std::nullopt, 100)) == 0);
  CHECK(table.changes().empty());
}

TEST_CASE("chunks that find nothing new leave the cycles as quick as they were") {
  Filled table;
  table.source.proofs = [] { return std::vector<std::string>{"the same"}; };
  table.cycle();
  CHECK(table.cycle().rows_read == 0);
  table.read_range(key_of(0), key_of(30), 10);
  CHECK(table.cycle().rows_read == 0);
  CHECK(table.row()->rows == 50);
}

TEST_CASE("a value that a chunk found, and that changed back after it, is found again") {
  CapturedTable table(small_layout(), 10);
  table.definition.capture.full_every_ms = 3'600'000;
  table.source.sums = true;
  for (int i = 0; i < 50; ++i) table.source.put({key_of(i), "a", "b"});
  for (int i = 0; i < 3; ++i) table.cycle();
  table.source.put({key_of(5), "for a moment", "b"});
  table.read_range(key_of(0), key_of(9), 10);
  table.source.put({key_of(5), "a", "b"});
  table.cycle();
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a row that is gone is left to the cycle, unless the range begins with it") {
  Filled table;
  table.source.erase({key_of(10)});
  table.source.erase({key_of(12)});
  CHECK(rows_of(table.read_range(key_of(10), key_of(14), 2)) == 3);
  CHECK(told(table.changes()) == std::vector<std::string>{R"(delete ["k010"])"});
  table.cycle();
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a range of a table whose key no index leads with is refused") {
  Filled table;
  table.source.key_is_indexed = false;
  try {
    table.read_range(key_of(0), key_of(9), 10);
    FAIL("it was read");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::config_invalid);
  }
}
