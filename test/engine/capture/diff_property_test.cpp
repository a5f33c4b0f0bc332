#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <random>

#include "engine/base/error.h"
#include "test/engine/capture/captured_table.h"
#include "test/support/random_rows.h"

using namespace engine;
using test::CapturedTable;
using test::Cells;

namespace {

model::Layout random_layout() {
  const auto type = rc::gen::elementOf(std::vector<model::ColumnType>(std::begin(test::all_types), std::end(test::all_types)));
  std::vector<model::ColumnType> types;
  const int key_parts = *rc::gen::inRange(1, 4);
  const int columns = key_parts + *rc::gen::inRange(0, 4);
  for (int i = 0; i < columns; ++i) types.push_back(*type);
  return test::layout_of(types, static_cast<std::size_t>(key_parts));
}

/// Rows of `before` kept, changed and dropped at random, and new ones.
std::vector<Cells> random_edit(const model::Layout& layout, const std::vector<Cells>& before) {
  std::vector<Cells> after;
  for (const Cells& row : before) {
    const int fate = *rc::gen::inRange(0, 4);
    if (fate == 0) continue;
    after.push_back(row);
    if (fate == 1) {
      const Cells fresh = test::random_cells(layout);
      std::copy(fresh.begin() + static_cast<std::ptrdiff_t>(layout.key.size()), fresh.end(),
                after.back().begin() + static_cast<std::ptrdiff_t>(layout.key.size()));
    }
  }
  for (int fresh = *rc::gen::inRange(0, 8); fresh > 0; --fresh) after.push_back(test::random_cells(layout));
  return after;
}

void set_rows(test::FakeSource& source, const std::vector<Cells>& rows) {
  source.rows.clear();
  for (const Cells& row : rows) source.put(row);
}

/// A server's order that has nothing to do with bytes but is one: by a hash first.
int shuffled(const test::FakeSource::Key& one, const test::FakeSource::Key& other) {
  const auto scrambled = [](const test::FakeSource::Key& key) {
    std::size_t hash = 17;
    for (const auto& part : key) hash = hash * 31 + std::hash<std::string>{}(part);
    return hash;
  };
  const std::size_t a = scrambled(one), b = scrambled(other);
  if (a != b) return a < b ? -1 : 1;
  return one == other ? 0 : one < other ? -1 : 1;
}

}  // namespace

TEST_CASE("for random tables A and B, capture of A then B yields the changes that turn A into B") {
  CHECK(rc::check([] {
    const model::Layout layout = random_layout();
    CapturedTable table(layout, *rc::gen::inRange<std::size_t>(1, 7));
    table.source.key_is_indexed = *rc::gen::arbitrary<bool>();
    table.source.reads_ahead = *rc::gen::arbitrary<bool>();
    table.source.array_size = *rc::gen::inRange<std::size_t>(1, 5);
    table.source.keys_max_ = *rc::gen::inRange<std::size_t>(1, 4);
    if (*rc::gen::arbitrary<bool>()) table.source.compare = shuffled;
    if (*rc::gen::arbitrary<bool>()) table.definition.initial = settings::Initial::deliver;
    set_rows(table.source, random_edit(layout, {}));
    const auto a = table.held();
    table.cycle();
    RC_ASSERT(table.imaged() == a);
    if (table.definition.initial == settings::Initial::deliver) RC_ASSERT(table.applied({}, table.changes()) == a);

    set_rows(table.source, random_edit(layout, table.source.rows));
    const std::int64_t before = table.last_seq();
    table.cycle();
    const auto changes = table.changes_after(before);
    RC_ASSERT(table.applied(a, changes) == table.held());
    RC_ASSERT(table.imaged() == table.held());
    // No row is told that did not change, and none twice.
    std::size_t differing = 0;
    for (const auto& [key, image] : a) differing += !table.held().contains(key) || table.held().at(key) != image;
    for (const auto& [key, image] : table.held()) differing += !a.contains(key);
    RC_ASSERT(changes.size() == differing);
    RC_ASSERT(table.cycle().updates == 0);
  }));
}

TEST_CASE("with rows edited under the reader and reads cut short, quiet passes bring the images to the source, and changes tell the way") {
  CHECK(rc::check([] {
    const model::Layout layout = test::layout_of({model::ColumnType::integer, model::ColumnType::text}, 1);
    CapturedTable table(layout, 3);
    table.source.key_is_indexed = *rc::gen::arbitrary<bool>();
    table.source.reads_ahead = *rc::gen::arbitrary<bool>();
    table.source.array_size = 2;
    table.definition.initial = settings::Initial::deliver;
    std::mt19937 random(*rc::gen::arbitrary<std::uint32_t>());
    const auto edit = [&](std::size_t) {
      const std::string key = std::to_string(random() % 12);
      if (random() % 3 == 0) {
        table.source.erase({key});
      } else {
        table.source.put({key, std::to_string(random() % 3)});
      }
    };
    for (std::size_t i = 0; i < 10; ++i) edit(i);
    table.source.before_statement = edit;
    table.source.cut_short = [&](std::size_t) { return random() % 4 == 0 ? std::optional<std::size_t>(random() % 3) : std::nullopt; };
    table.source.fail_after = [&](std::size_t) { return random() % 9 == 0 ? std::optional<std::size_t>(random() % 3) : std::nullopt; };
    for (int i = 0; i < 6; ++i) {
      try {
        table.cycle();
      } catch (const Error& error) {
        RC_ASSERT(error.code() == ErrorCode::source_unreachable);
        if (random() % 2 == 0) table.restart();
      }
      RC_ASSERT(table.applied({}, table.changes()) == table.imaged());
    }
    table.source.before_statement = nullptr;
    table.source.cut_short = nullptr;
    table.source.fail_after = nullptr;
    // One to end a first snapshot that was under way, one that sees all.
    table.cycle();
    table.cycle();
    RC_ASSERT(table.imaged() == table.held());
    RC_ASSERT(table.applied({}, table.changes()) == table.held());
  }));
}

TEST_CASE("killed after any commit, capture goes on and the changes still turn A into B, each told once") {
  for (const auto initial : {settings::Initial::baseline, settings::Initial::deliver}) {
    for (std::size_t kill_at = 1;; ++kill_at) {
      CAPTURE(kill_at);
      CapturedTable table(test::small_layout(), 2);
      table.source.array_size = 2;
      table.source.keys_max_ = 2;
      table.definition.initial = initial;
      for (char c = 'a'; c < 'j'; ++c) table.source.put({std::string(1, c), "a", "b"});
      const auto a = table.held();
      // The first cycle opens the journal; the copies begin with the pass that finds something.
      table.cycle();
      for (char c = 'a'; c < 'e'; ++c) table.source.put({std::string(1, c), "changed", "b"});
      for (char c = 'e'; c < 'i'; ++c) table.source.erase({std::string(1, c)});
      for (char c = 'p'; c < 't'; ++c) table.source.put({std::string(1, c), "new", "b"});
      const auto from = table.journal_path();
      const auto copy = from.parent_path() / "killed.db";
      std::size_t commits = 0;
      table.journal->on_commit([&] {
        if (++commits != kill_at) return;
        std::filesystem::copy_file(from, copy);
        std::filesystem::copy_file(from.string() + "-wal", copy.string() + "-wal");
      });
      const std::int64_t before = table.last_seq();
      table.cycle();
      table.close();
      if (commits < kill_at) {
        CHECK(kill_at > 6);
        break;
      }
      table.restart_from(copy);
      table.cycle();
      const auto changes = table.changes_after(before);
      CHECK(changes.size() == 12);
      CHECK(table.applied(a, changes) == table.held());
      CHECK(table.imaged() == table.held());
      REQUIRE(table.cycles().size() == 2);
      CHECK(table.cycles().front().state == "closed");
      for (const auto& change : changes) CHECK(change.cycle_id == table.cycles().front().id);
    }
  }
}
