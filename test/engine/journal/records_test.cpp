#include <doctest/doctest.h>

#include "engine/journal/connection.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::change_of;
using test::image_of;
using test::TemporaryFolder;

/// A journal whose writer connection the test uses itself: what is written is seen without a commit.
struct Open {
  TemporaryFolder folder;
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Records> records;

  Open() {
    Journal::open({.path = folder.journal()});
    connection = std::make_unique<Connection>(folder.journal().string(), Connection::Mode::read_write);
    records = std::make_unique<Records>(*connection);
  }
};

TEST_CASE("a change comes back as it was appended, NULL apart from empty, zero bytes included") {
  Open open;
  ChangeLog& changes = open.records->changes;
  model::Change full{.table_id = 3,
                     .layout_id = 4,
                     .cycle_id = 5,
                     .key = R"(["C001"])",
                     .operation = model::Operation::delete_,
                     .after = "",
                     .before = std::string("{\"a\":\"\0\"}", 9),
                     .changed_columns = R"(["a"])",
                     .source_transaction = "tx1",
                     .source_time_ms = 0,
                     .source_user = "ANNA",
                     .captured_ms = 9};
  full.seq = changes.append(full);
  model::Change bare{.key = "[]", .operation = model::Operation::snapshot, .changed_columns = "[]"};
  bare.seq = changes.append(bare);
  CHECK(bare.seq == full.seq + 1);
  const auto found = changes.find(full.seq);
  REQUIRE(found);
  CHECK(found->operation == model::Operation::delete_);
  CHECK(found->key == full.key);
  CHECK(found->after == full.after);
  CHECK(found->before == full.before);
  CHECK(found->source_transaction == full.source_transaction);
  CHECK(found->source_time_ms == full.source_time_ms);
  CHECK(found->source_user == full.source_user);
  CHECK(found->captured_ms == 9);
  const auto nothing = changes.find(bare.seq);
  REQUIRE(nothing);
  CHECK(!nothing->after);
  CHECK(!nothing->before);
  CHECK(!nothing->source_time_ms);
  CHECK(!changes.find(99));
}

TEST_CASE("changes are paged by table, by position, from the end and by key, always in order") {
  Open open;
  ChangeLog& changes = open.records->changes;
  CHECK(changes.last_seq() == 0);
  for (int i = 1; i <= 20; ++i) changes.append(change_of(i % 2 + 1, std::to_string(i % 4), "{}"));
  const auto seqs = [](const std::vector<model::Change>& page) {
    std::vector<std::int64_t> seqs;
    for (const auto& change : page) seqs.push_back(change.seq);
    return seqs;
  };
  CHECK(seqs(changes.after(1, 4, 3)) == std::vector<std::int64_t>{6, 8, 10});
  CHECK(seqs(changes.page(17, 10, false)) == std::vector<std::int64_t>{18, 19, 20});
  CHECK(seqs(changes.page(0, 3, true)) == std::vector<std::int64_t>{18, 19, 20});
  CHECK(seqs(changes.page(18, 3, true)) == std::vector<std::int64_t>{19, 20});
  CHECK(seqs(changes.newest(1, 3)) == std::vector<std::int64_t>{16, 18, 20});
  CHECK(seqs(changes.of_key(2, "1", 3)) == std::vector<std::int64_t>{9, 13, 17});
  CHECK(seqs(changes.of_key(2, "1", 1, 16)) == std::vector<std::int64_t>{13});
  CHECK(changes.count_after(1, 4) == 8);
  CHECK(changes.last_seq() == 20);
  open.connection->execute("DELETE FROM change");
  CHECK(changes.last_seq() == 20);
}

TEST_CASE("images are found by key and by ordinal, updated in place, and their ordinals are listed in order") {
  Open open;
  RowImages& images = open.records->images;
  RowImage image = image_of(1, std::string("k\0\xff", 3), 7, R"({"a":1})");
  image.locator = R"(["k   "])";
  const auto first = images.insert(image);
  const auto other_table = images.insert(image_of(2, "a", 1));
  const auto second = images.insert(image_of(1, "a", 8));
  CHECK(images.ordinals(1, 0, 10) == std::vector{first, second});
  CHECK(images.ordinals(1, first, 10) == std::vector{second});
  CHECK(images.page(1, 0, 1).at(0).image == R"({"a":1})");
  CHECK(images.count(1) == 2);
  const auto found = images.find(1, image.key);
  REQUIRE(found);
  CHECK(found->ordinal == first);
  CHECK(found->digest == image.digest);
  CHECK(found->locator == image.locator);
  images.update(first, 5, {1, 2}, R"({"a":2})", std::nullopt);
  const auto updated = images.at(first);
  REQUIRE(updated);
  CHECK(updated->layout_id == 5);
  CHECK(updated->digest == model::Digest{1, 2});
  CHECK(updated->image == R"({"a":2})");
  CHECK(!updated->locator);
  CHECK(updated->key == image.key);
  images.erase(first);
  CHECK(!images.find(1, image.key));
  CHECK(images.at(other_table));
}

TEST_CASE("a digest stands in the journal as XXH3-128 is written everywhere") {
  Open open;
  RowImage image = image_of(1, "k", 0);
  image.digest = {0x0123456789abcdef, 0xfedcba9876543210};
  open.records->images.insert(image);
  Statement row = open.connection->prepare("SELECT hex(digest) FROM row_image");
  REQUIRE(row.step());
  CHECK(row.text(0) == "0123456789ABCDEFFEDCBA9876543210");
}

TEST_CASE("a cycle that was not closed is found again under its id, with its counts") {
  Open open;
  Cycles& cycles = open.records->cycles;
  const auto closed = cycles.start(1, "snapshot", 100);
  cycles.close(closed, 200);
  CHECK(!cycles.open_of(1));
  const auto id = cycles.start(1, "diff", 300);
  cycles.start(2, "diff", 300);
  cycles.add(id, 10, 1, 2, 3);
  cycles.add(id, 10, 1, 2, 3);
  const auto open_cycle = cycles.open_of(1);
  REQUIRE(open_cycle);
  CHECK(open_cycle->id == id);
  CHECK(open_cycle->kind == "diff");
  CHECK(open_cycle->rows_read == 20);
  CHECK(open_cycle->inserts == 2);
  CHECK(open_cycle->updates == 4);
  CHECK(open_cycle->deletes == 6);
  CHECK(!open_cycle->ended_ms);
  const auto latest = cycles.latest(1, 10);
  REQUIRE(latest.size() == 2);
  CHECK(latest[0].id == id);
  CHECK(latest[1].ended_ms == 200);
}

TEST_CASE("a table keeps its identity, and a layout is stored again only when it differs") {
  Open open;
  SourceTables& tables = open.records->tables;
  const SourceTable table = tables.ensure("anacli");
  CHECK(table.state == "new");
  CHECK(tables.ensure("anacli").id == table.id);
  CHECK(!tables.find("ordini"));
  const model::Layout one{.columns = {{.name = "CODCLI"}, {.name = "FIDO", .type = model::ColumnType::decimal}},
                          .key = {0}};
  model::Layout two = one;
  two.columns.push_back({.name = "NOTE"});
  const auto first = tables.put_layout(table.id, one, 1);
  CHECK(tables.put_layout(table.id, one, 2) == first);
  const auto second = tables.put_layout(table.id, two, 3);
  CHECK(second != first);
  CHECK(tables.find("anacli")->layout_id == second);
  CHECK(tables.layout(first) == one);
  CHECK(tables.layout(second) == two);
  CHECK(!tables.layout(99));
}

TEST_CASE("a table's state, last pass and checkpoint are kept") {
  Open open;
  SourceTables& tables = open.records->tables;
  const auto id = tables.ensure("anacli").id;
  tables.set_state(id, "paused", "column FIDO is gone");
  tables.cycle_done(id, 1234, 48'120);
  CHECK(!tables.checkpoint(id));
  tables.save_checkpoint(id, "a", 1);
  tables.save_checkpoint(id, "b", 2);
  CHECK(tables.checkpoint(id) == "b");
  const auto table = tables.all().at(0);
  CHECK(table.state == "paused");
  CHECK(table.state_reason == "column FIDO is gone");
  CHECK(table.last_cycle_ms == 1234);
  CHECK(table.rows == 48'120);
}

TEST_CASE("a pipeline starts where it is told once, and goes on from its position") {
  Open open;
  Pipelines& pipelines = open.records->pipelines;
  const auto id = pipelines.ensure("customers_to_crm", 1, 40).id;
  pipelines.set_position(id, 50);
  pipelines.set_mapping(id, "f00d");
  const auto again = pipelines.ensure("customers_to_crm", 1, 99);
  CHECK(again.id == id);
  CHECK(again.position == 50);
  CHECK(again.mapping == "f00d");
  pipelines.ensure("b", 1, 0);
  CHECK(pipelines.all().at(0).name == "b");
  CHECK(!pipelines.find("c"));
}

}  // namespace
}  // namespace engine::journal
