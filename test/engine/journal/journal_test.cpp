#include "engine/journal/journal.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::change_of;
using test::code_thrown_by;
using test::TemporaryFolder;

/// Holds the writer thread until let go, so that what is queued meanwhile becomes one group.
class Gate {
 public:
  explicit Gate(Journal& journal) {
    journal.write_async(
        [this](Records&) {
          reached_.set_value();
          opened_.get_future().wait();
        },
        {});
    reached_.get_future().wait();
  }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> reached_;
  std::promise<void> opened_;
};

TEST_CASE("work that throws is undone alone, and its group stays") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  std::vector<std::string> outcomes(5);
  std::promise<void> all_done;
  Gate gate(*journal);
  for (int i = 0; i < 5; ++i) {
    journal->write_async(
        [i](Records& records) {
          records.changes.append(change_of(i, "[1]", "{}"));
          if (i == 2) throw std::logic_error("refused");
          records.changes.append(change_of(i, "[2]", "{}"));
        },
        [&, i](std::exception_ptr error) {
          outcomes[i] = "kept";
          try {
            if (error) std::rethrow_exception(error);
          } catch (const std::logic_error& thrown) {
            outcomes[i] = thrown.what();
          }
          if (i == 4) all_done.set_value();
        });
  }
  gate.open();
  all_done.get_future().wait();
  CHECK(outcomes == std::vector<std::string>{"kept", "kept", "refused", "kept", "kept"});
  auto lease = journal->read();
  CHECK(lease->changes.after(2, 0, 10).empty());
  for (const int kept : {0, 1, 3, 4}) CHECK(lease->changes.after(kept, 0, 10).size() == 2);
}

TEST_CASE("work alone in its group that throws leaves nothing, and the caller gets what it threw") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  CHECK_THROWS_AS(journal->write([](Records& records) {
    records.changes.append(change_of(1, "[1]", "{}"));
    throw std::out_of_range("here");
  }),
                  std::out_of_range);
  CHECK(journal->read()->changes.last_seq() == 0);
  journal->write([](Records& records) { records.changes.append(change_of(1, "[1]", "{}")); });
  CHECK(journal->read()->changes.page(0, 10, false).size() == 1);
}

TEST_CASE("when write returns, every reader sees what it wrote") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  for (int i = 1; i <= 50; ++i) {
    std::int64_t seq = 0;
    journal->write([&](Records& records) { seq = records.changes.append(change_of(1, "[1]", "{}")); });
    CHECK(journal->read()->changes.last_seq() == seq);
  }
}

TEST_CASE("writers of many threads are served, each in its own order") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal(), .group_max = 16, .queued_max = 32});
  std::vector<std::thread> threads;
  for (int table = 1; table <= 4; ++table) {
    threads.emplace_back([&journal, table] {
      for (int i = 0; i < 200; ++i) {
        const auto append = [=](Records& records) {
          records.changes.append(change_of(table, std::to_string(i), "{}"));
        };
        if (i % 10 == 9) {
          journal->write(append);
        } else {
          journal->write_async(append, {});
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto lease = journal->read();
  for (int table = 1; table <= 4; ++table) {
    const auto changes = lease->changes.after(table, 0, 1000);
    REQUIRE(changes.size() == 200);
    for (int i = 0; i < 200; ++i) CHECK(changes[i].key == std::to_string(i));
  }
}

TEST_CASE("a listener hears of each commit after those who waited for it, and not of work that was undone") {
  const TemporaryFolder folder;
  auto journal = Journal::open({.path = folder.journal()});
  std::vector<std::string> heard;
  journal->on_commit([&] { heard.push_back("listener"); });
  journal->write_async([](Records& records) { records.tables.ensure("anacli"); },
                       [&](std::exception_ptr) { heard.push_back("committed"); });
  journal->write_async([](Records&) { throw std::logic_error("no"); }, {});
  journal.reset();
  CHECK(heard == std::vector<std::string>{"committed", "listener"});
}

TEST_CASE("what is queued when the journal is closed is on disk") {
  const TemporaryFolder folder;
  {
    const auto journal = Journal::open({.path = folder.journal()});
    for (int i = 0; i < 500; ++i) {
      journal->write_async([](Records& records) { records.changes.append(change_of(1, "[1]", "{}")); }, {});
    }
  }
  CHECK(!std::filesystem::exists(folder.journal().string() + "-wal"));
  CHECK(Journal::open({.path = folder.journal()})->read()->changes.last_seq() == 500);
}

TEST_CASE("a lease that ends in the middle of a walk holds no read transaction") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    for (int i = 0; i < 10; ++i) records.images.insert(test::image_of(1, std::to_string(i), i));
  });
  {
    auto lease = journal->read();
    auto cursor = lease->images.cursor(1);
    CHECK(cursor.move_to("3"));
  }
  journal->write([](Records& records) { records.images.insert(test::image_of(1, "99", 1)); });
  CHECK(journal->read()->images.count(1) == 11);
}

TEST_CASE("a reader who stays for long costs the writers no lasting wait") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal(), .checkpoint_pages = 10});
  journal->write([](Records& records) { records.images.insert(test::image_of(1, "1", 1)); });
  auto lease = journal->read();
  auto cursor = lease->images.cursor(1);
  CHECK(cursor.move_to("1"));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 60; ++i) {
    journal->write([](Records& records) { records.changes.append(change_of(1, "[1]", std::string(20'000, 'x'))); });
  }
  // A wait of 250 ms at 40 pages, at 80 and so on, not at each of the 60 commits, which would be a quarter of a minute.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(8));
}

TEST_CASE("leases of many threads read while the writer writes") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  std::vector<std::thread> threads;
  std::atomic<bool> backwards{false};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (std::int64_t last = 0, now = 0; now < 300; last = now) {
        now = journal->read()->changes.last_seq();
        if (now < last) backwards = true;
      }
    });
  }
  for (int i = 0; i < 300; ++i) {
    journal->write([](Records& records) { records.changes.append(change_of(1, "[1]", "{}")); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(!backwards);
}

}  // namespace
}  // namespace engine::journal
