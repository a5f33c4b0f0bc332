#include <doctest/doctest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "test/engine/journal/disk/fault_vfs.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::change_of;
using test::code_thrown_by;
using test::fault_vfs;
using test::TemporaryFolder;

JournalOptions faulty(const TemporaryFolder& folder) { return {.path = folder.journal(), .vfs = test::fault_vfs_name}; }

void append(Records& records, const std::string& key) {
  records.changes.append(change_of(1, key, std::string(3000, 'x')));
  records.images.insert(test::image_of(1, key, 1));
}

/// What a process that was killed now would find: the files as they are, in another folder.
std::pair<std::size_t, std::int64_t> after_a_kill(const TemporaryFolder& folder) {
  const TemporaryFolder copy;
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(folder.journal().string() + suffix, copy.journal().string() + suffix);
  }
  const auto journal = Journal::open({.path = copy.journal()});
  auto lease = journal->read();
  return {lease->changes.after(1, 0, 100'000).size(), lease->images.count(1)};
}

TEST_CASE(
    "a disk that fills up at any write keeps a piece of work whole or not at all, and takes it when there is space") {
  const TemporaryFolder folder;
  auto& faults = fault_vfs();
  const auto journal = Journal::open(faulty(folder));
  std::size_t kept = 0;
  bool fits = false;
  for (int budget = 0; !fits; ++budget) {
    faults.writes_left = budget;
    fits = true;
    try {
      journal->write([&](Records& records) {
        for (int i = 0; i < 8; ++i) append(records, std::to_string(budget) + "-" + std::to_string(i));
      });
    } catch (const Error& error) {
      REQUIRE(error.code() == ErrorCode::journal_full);
      fits = false;
    }
    faults.writes_left = -1;
    if (fits) kept += 8;
    REQUIRE(journal->read()->changes.after(1, 0, 100'000).size() == kept);
    REQUIRE(after_a_kill(folder) == std::pair(kept, static_cast<std::int64_t>(kept)));
    journal->write([&](Records& records) { append(records, std::to_string(budget)); });
    kept += 1;
  }
  CHECK(kept > 20);
}

TEST_CASE("a full disk in the middle of a large transaction that already spilled into the WAL leaves nothing") {
  const TemporaryFolder folder;
  auto& faults = fault_vfs();
  const auto journal = Journal::open(faulty(folder));
  journal->write([](Records& records) { append(records, "first"); });
  // Larger than the writer's cache, so that SQLite writes pages before the commit, inside the work.
  const auto large = [](Records& records) {
    for (int i = 0; i < 5'000; ++i) append(records, std::to_string(i));
  };
  for (const int budget : {1, 500, 2'000}) {
    faults.writes_left = budget;
    CHECK(code_thrown_by([&] { journal->write(large); }) == ErrorCode::journal_full);
    faults.writes_left = -1;
    CHECK(after_a_kill(folder) == std::pair<std::size_t, std::int64_t>(1, 1));
  }
  journal->write(large);
  CHECK(journal->read()->images.count(1) == 5'001);
}

TEST_CASE("work that swallows the error of a full disk cannot go on outside the transaction") {
  const TemporaryFolder folder;
  auto& faults = fault_vfs();
  const auto journal = Journal::open(faulty(folder));
  CHECK(code_thrown_by([&] {
          journal->write([&](Records& records) {
            faults.writes_left = 0;
            for (int i = 0; i < 10'000; ++i) {
              try {
                append(records, std::to_string(i));
              } catch (const Error&) {
                faults.writes_left = -1;
              }
            }
          });
        }) == ErrorCode::journal_full);
  CHECK(journal->read()->images.count(1) == 0);
}

TEST_CASE("a full disk undoes the whole group, and all in it hear of it") {
  const TemporaryFolder folder;
  auto& faults = fault_vfs();
  const auto journal = Journal::open(faulty(folder));
  std::promise<void> reached, opened, done;
  journal->write_async(
      [&](Records&) {
        reached.set_value();
        opened.get_future().wait();
      },
      {});
  reached.get_future().wait();
  int full = 0;
  for (int i = 0; i < 6; ++i) {
    journal->write_async([i](Records& records) { append(records, std::to_string(i)); },
                         [&, i](std::exception_ptr error) {
                           full += error &&
                                   code_thrown_by([&] { std::rethrow_exception(error); }) == ErrorCode::journal_full;
                           if (i == 5) done.set_value();
                         });
  }
  faults.writes_left = 3;
  opened.set_value();
  done.get_future().wait();
  faults.writes_left = -1;
  CHECK(full == 6);
  CHECK(journal->read()->images.count(1) == 0);
  journal->write([](Records& records) { append(records, "now"); });
  CHECK(journal->read()->images.count(1) == 1);
}

TEST_CASE("a full disk while the WAL is copied into the database costs no commit") {
  auto& faults = fault_vfs();
  const auto large = [](Records& records) {
    for (int i = 0; i < 6'000; ++i) records.changes.append(change_of(1, "[1]", std::string(3000, 'x')));
  };
  std::int64_t writes_needed = 0;
  {
    const TemporaryFolder folder;
    const auto journal = Journal::open(faulty(folder));
    const std::int64_t before = faults.writes_done.load();
    // Asked before the checkpoint, which follows the callbacks.
    journal->write_async(large, [&](std::exception_ptr) { writes_needed = faults.writes_done.load() - before; });
    journal->write([](Records&) {});
  }
  const TemporaryFolder folder;
  const auto journal = Journal::open(faulty(folder));
  faults.writes_left = writes_needed + 5;
  journal->write(large);
  journal->write([](Records&) {});
  CHECK(faults.writes_left.load() == 0);
  faults.writes_left = -1;
  journal->write([](Records& records) { records.changes.append(change_of(1, "[1]", "{}")); });
  CHECK(journal->read()->changes.count_after(1, 0) == 6'001);
}

TEST_CASE("a failed sync fails the journal for good") {
  const TemporaryFolder folder;
  auto& faults = fault_vfs();
  {
    const auto journal = Journal::open(faulty(folder));
    journal->write([](Records& records) { append(records, "1"); });
    faults.sync_fails = true;
    CHECK(code_thrown_by([&] { journal->write([](Records& records) { append(records, "2"); }); }) ==
          ErrorCode::journal_failed);
    faults.sync_fails = false;
    bool ran = false;
    CHECK(code_thrown_by([&] { journal->write([&](Records&) { ran = true; }); }) == ErrorCode::journal_failed);
    CHECK(!ran);
  }
  // A restart shows whether the last one was kept; the acknowledged one is there in any case.
  CHECK(Journal::open({.path = folder.journal()})->read()->images.count(1) >= 1);
}

TEST_CASE("a disk that cannot be read fails what reads, by name, and what was written stays") {
  const TemporaryFolder folder;
  auto& faults = fault_vfs();
  const auto journal = Journal::open(faulty(folder));
  journal->write([](Records& records) {
    for (int i = 0; i < 2'000; ++i) append(records, std::to_string(i));
  });
  faults.reads_fail = true;
  const Error error = test::error_thrown_by([&] { journal->read()->changes.after(1, 0, 100'000); });
  CHECK(error.code() == ErrorCode::journal_failed);
  CHECK(std::string(error.what()).find(folder.journal().string()) != std::string::npos);
  CHECK(error.hint().find("disk") != std::string::npos);
  faults.reads_fail = false;
  CHECK(journal->read()->images.count(1) == 2'000);
}

TEST_CASE("garbage in any page is found, and named with what to do") {
  constexpr std::streamoff page_bytes = 4'096;
  const TemporaryFolder folder;
  {
    const auto journal = Journal::open({.path = folder.journal()});
    journal->write([](Records& records) {
      records.tables.ensure("customers");
      records.tables.put_layout(1, {}, 1);
      for (int i = 0; i < 20; ++i) append(records, std::to_string(i));
    });
  }
  const auto pages = static_cast<std::streamoff>(std::filesystem::file_size(folder.journal())) / page_bytes;
  REQUIRE(pages > 40);
  for (std::streamoff page = 0; page < pages; ++page) {
    CAPTURE(page);
    const TemporaryFolder damaged;
    for (const char* suffix : {"", ".epoch"}) std::filesystem::copy_file(folder.journal().string() + suffix, damaged.journal().string() + suffix);
    std::fstream(damaged.journal(), std::ios::in | std::ios::out | std::ios::binary).seekp(page * page_bytes) << std::string(page_bytes, '\xaa');
    std::vector<std::string> problems;
    try {
      const auto journal = Journal::open({.path = damaged.journal()});
      problems = journal->read()->integrity.check().problems;
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::journal_failed);
      CHECK(std::string(error.what()).find(damaged.journal().string()) != std::string::npos);
      CHECK(error.hint().find("backup") != std::string::npos);
      continue;
    }
    CHECK(!problems.empty());
  }
}

TEST_CASE("an error of SQLite other than a full disk fails the journal for good") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) { append(records, "1"); });
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(folder.journal().c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "DROP TABLE cycle", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  const auto start_cycle = [](Records& records) {
    append(records, "2");
    records.cycles.start(1, "diff", 0);
  };
  CHECK(code_thrown_by([&] { journal->write(start_cycle); }) == ErrorCode::journal_failed);
  CHECK(code_thrown_by([&] { journal->write([](Records& records) { append(records, "3"); }); }) ==
        ErrorCode::journal_failed);
  CHECK(journal->read()->images.count(1) == 1);
}

TEST_CASE("an error that work throws itself, whatever its code, is the work's own: the journal goes on") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  for (const ErrorCode code : {ErrorCode::journal_failed, ErrorCode::journal_full, ErrorCode::source_bad_data}) {
    CHECK(code_thrown_by([&] { journal->write([&](Records&) { throw Error(code, "as it happens"); }); }) == code);
  }
  journal->write([](Records& records) { append(records, "1"); });
  CHECK(journal->read()->images.count(1) == 1);
}

TEST_CASE("a lease cannot write, and its failure does not reach the next one") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  {
    auto lease = journal->read();
    CHECK(code_thrown_by([&] { lease->tables.ensure("anacli"); }) == ErrorCode::journal_failed);
    CHECK(code_thrown_by([&] { lease->tables.all(); }) == ErrorCode::journal_failed);
  }
  CHECK(journal->read()->tables.all().empty());
}

}  // namespace
}  // namespace engine::journal
