#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>

#include "test/engine/journal/disk/volatile_disk.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::PowerCuts;
using test::Remains;
using test::TemporaryFolder;

constexpr int writes = 150;

/// The table and its columns, which all that follows belongs to.
void declare(Records& records) {
  const auto table = records.tables.ensure("customers");
  records.tables.put_layout(table.id, {}, 1);
}

/// A change with its image: the halves of a piece of work that must not come apart.
void append(Records& records, int number) {
  const std::string key = "[" + std::to_string(number) + "]";
  records.changes.append(test::change_of(1, key, std::string(static_cast<std::size_t>(number % 7) * 700, 'x')));
  records.images.insert(test::image_of(1, key, static_cast<std::uint64_t>(number)));
}

/// Few pages between checkpoints, so that cuts meet those as well.
JournalOptions on_volatile_disk(const TemporaryFolder& folder) {
  return {.path = folder.journal(), .vfs = test::volatile_disk_name, .checkpoint_pages = 12};
}

struct Found {
  std::int64_t changes = 0;
  std::int64_t images = 0;
  bool restored = false;
  std::vector<std::string> problems;
};

/// `epoch`: the file beside the journal, which is synced before anything else is written.
Found found_after(const Remains& remains, const std::filesystem::path& epoch) {
  const TemporaryFolder folder;
  remains.lay_out(folder.journal());
  std::filesystem::copy_file(epoch, folder.journal().string() + ".epoch");
  const auto journal = Journal::open({.path = folder.journal()});
  auto records = journal->read();
  return {.changes = records->changes.count_after(1, 0),
          .images = records->images.count(1),
          .restored = records->restored.since_ms().has_value(),
          .problems = records->integrity.check().problems};
}

}  // namespace

TEST_CASE("a power cut at any moment, with any of the unsynced sectors on disk, costs nothing that was acknowledged") {
  int cuts = 0;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    const TemporaryFolder folder;
    std::atomic<int> acknowledged{0};
    PowerCuts power(folder.journal(), seed, 100, [&] { return acknowledged.load(); });
    {
      const auto journal = Journal::open(on_volatile_disk(folder));
      journal->write(declare);
      power.take();  // a journal that is not there yet is no loss
      for (int i = 1; i <= writes; ++i) {
        journal->write([i](Records& records) { append(records, i); });
        acknowledged = i;
      }
    }
    for (const Remains& remains : power.take()) {
      const Found found = found_after(remains, folder.journal().string() + ".epoch");
      CHECK(found.problems == std::vector<std::string>{});
      CHECK(!found.restored);
      CHECK(found.changes == found.images);
      // The one that was being written may be there; nobody was told.
      CHECK(found.images >= remains.acknowledged);
      CHECK(found.images <= remains.acknowledged + 1);
      ++cuts;
    }
  }
  CHECK(cuts > 40);
}

TEST_CASE("a disk that lied about what it had synced is known by the count beside the journal: nothing is sent until a person looked") {
  const TemporaryFolder folder;
  PowerCuts power(folder.journal(), 7, 1'000'000, [] { return 0; });
  Remains remains;
  {
    const auto journal = Journal::open({.path = folder.journal(), .vfs = test::volatile_disk_name});
    journal->write(declare);
    remains = power.cut_now();
    // What it says is synced from here on is gone with the power.
    for (int i = 1; i <= 20; ++i) journal->write([i](Records& records) { append(records, i); });
    journal->advance_epoch();
  }
  const Found found = found_after(remains, folder.journal().string() + ".epoch");
  CHECK(found.restored);
  CHECK(found.images == 0);
}

}  // namespace engine::journal
