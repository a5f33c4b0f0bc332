#include "engine/capture/position.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using test::CapturedTable;
using test::small_layout;
using test::told;

namespace {
void fill(CapturedTable& table, int rows) {
  for (int i = 0; i < rows; ++i) table.source.put({std::string("k") + static_cast<char>('a' + i), "a", "b"});
}
}  // namespace

TEST_CASE("a checkpoint says how far a first snapshot came, or that it is over") {
  using capture::Position;
  for (const Position& position : {Position{}, Position{.snapshot = false}, Position{.after = model::SourceKey{{"C\"1  ", "7"}}},
                                   Position{.snapshot = false, .whole_ms = 7, .mode = "watermark", .mark = R"({"at":"2026-01-01"})"}}) {
    CHECK(capture::position_from(capture::position_text(position)) == position);
  }
  CHECK_THROWS_AS(capture::position_from(R"({"lsn":"0/1"})"), Error);
}

TEST_CASE("a baseline records images and sends nothing; later changes are told") {
  CapturedTable table(small_layout());
  fill(table, 10);
  const auto result = table.cycle();
  CHECK(result.snapshot);
  CHECK(result.rows_read == 10);
  CHECK(result.inserts == 0);
  CHECK(table.changes().empty());
  CHECK(table.imaged() == table.held());
  CHECK(table.row()->state == "watching");
  CHECK(table.row()->rows == 10);
  REQUIRE(table.cycles().size() == 1);
  CHECK(table.cycles()[0].kind == "snapshot");
  CHECK(table.cycles()[0].state == "closed");
  CHECK(table.cycles()[0].rows_read == 10);

  table.source.put({"kz", "new", std::nullopt});
  CHECK_FALSE(table.cycle().snapshot);
  CHECK(told(table.changes()) == std::vector<std::string>{R"(insert ["kz"])"});
}

TEST_CASE("with `initial: deliver` every row of the first snapshot is a change") {
  for (const bool indexed : {true, false}) {
    CapturedTable table(small_layout());
    table.source.key_is_indexed = indexed;
    table.definition.initial = settings::Initial::deliver;
    fill(table, 10);
    CHECK(table.cycle().inserts == 10);
    const auto changes = table.changes();
    REQUIRE(changes.size() == 10);
    CHECK(changes[0].operation == model::Operation::snapshot);
    CHECK(changes[0].captured_ms == table.clock.wall_ms());
    CHECK(table.applied({}, changes) == table.held());
    CHECK(table.cycle().inserts == 0);
  }
}

TEST_CASE("a first snapshot that was killed goes on behind its last chunk, under its cycle, and tells each row once") {
  CapturedTable table(small_layout());
  table.definition.initial = settings::Initial::deliver;
  fill(table, 10);
  table.source.before_statement = [](std::size_t statement) {
    if (statement == 4) throw Error(ErrorCode::source_unreachable, "gone");
  };
  CHECK_THROWS_AS(table.cycle(), Error);
  CHECK(table.row()->state == "snapshot");
  const auto before = table.changes();
  CHECK(before.size() == 8);

  table.source.before_statement = nullptr;
  table.restart();
  const auto result = table.cycle();
  CHECK(result.snapshot);
  CHECK(result.rows_read == 2);
  CHECK(table.source.statements[0].after == model::SourceKey{{"kh"}});
  CHECK(table.applied({}, table.changes()) == table.held());
  REQUIRE(table.cycles().size() == 1);
  CHECK(table.cycles()[0].rows_read == 10);
  CHECK(table.cycles()[0].inserts == 10);
  for (const auto& change : table.changes()) CHECK(change.cycle_id == table.cycles()[0].id);
}

TEST_CASE("what changes or goes behind a resumed snapshot is found by the next pass") {
  CapturedTable table(small_layout());
  fill(table, 10);
  table.source.fail_after = [](std::size_t statement) { return statement == 4 ? std::optional<std::size_t>(1) : std::nullopt; };
  CHECK_THROWS_AS(table.cycle(), Error);
  table.source.fail_after = nullptr;
  table.source.erase({"ka"});
  table.source.put({"kb", "changed", "b"});
  table.restart();
  CHECK(table.cycle().deletes == 0);
  CHECK(table.changes().empty());
  table.cycle();
  CHECK(told(table.changes()) == std::vector<std::string>{R"(update ["kb"])", R"(delete ["ka"])"});
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a killed snapshot of a table without an index begins anew and tells no row twice") {
  CapturedTable table(small_layout());
  table.source.key_is_indexed = false;
  table.source.array_size = 2;
  table.definition.initial = settings::Initial::deliver;
  const std::string wide(1'000'000, 'w');
  for (char c = 'a'; c < 'k'; ++c) table.source.put({std::string(1, c), wide, "b"});
  table.source.fail_after = [](std::size_t) { return std::optional<std::size_t>(8); };
  CHECK_THROWS_AS(table.cycle(), Error);
  const std::size_t told_before = table.changes().size();
  CHECK(told_before > 0);
  CHECK(told_before < 8);
  table.source.fail_after = nullptr;
  table.restart();
  CHECK(table.cycle().rows_read == 10);
  CHECK(table.applied({}, table.changes()) == table.held());
  CHECK(table.cycles().size() == 1);
  CHECK(table.row()->state == "watching");
}

TEST_CASE("progress tells rows so far and what the last pass counted") {
  CapturedTable table(small_layout());
  fill(table, 10);
  table.cycle();
  std::vector<std::pair<std::int64_t, std::int64_t>> seen;
  table.progress = [&](std::int64_t rows, std::int64_t expected) { seen.emplace_back(rows, expected); };
  table.cycle();
  REQUIRE(seen.size() == 3);
  CHECK(seen.front() == std::pair<std::int64_t, std::int64_t>{4, 10});
  CHECK(seen.back() == std::pair<std::int64_t, std::int64_t>{10, 10});
}
