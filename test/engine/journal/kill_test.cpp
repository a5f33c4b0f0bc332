#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>
#include <random>
#include <thread>

#include "engine/journal/connection.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::change_of;
using test::image_of;
using test::TemporaryFolder;

constexpr int tables = 3;
constexpr int keys = 40;

struct Acknowledged {
  std::int32_t table;
  std::int32_t number;
};

/// One piece of work: change number `number` of a table, its image and the checkpoint that says so.
void write_one(Records& records, int table, int number) {
  const std::string key = "k" + std::to_string(number % keys);
  const std::string image = std::to_string(number);
  records.changes.append(change_of(table, key, image));
  if (const auto known = records.images.find(table, key)) {
    records.images.update(known->ordinal, 1, {1, 2}, image, std::nullopt);
  } else {
    records.images.insert(image_of(table, key, 1, image));
  }
  records.tables.save_checkpoint(table, image, 0);
}

[[noreturn]] void write_until_killed(const TemporaryFolder& folder, int acknowledgements) {
  const auto journal = Journal::open({.path = folder.journal()});
  std::vector<std::thread> threads;
  for (int table = 1; table <= tables; ++table) {
    threads.emplace_back([&, table] {
      for (int number = std::stoi(journal->read()->tables.checkpoint(table).value_or("0")) + 1;; ++number) {
        journal->write([=](Records& records) { write_one(records, table, number); });
        const Acknowledged acknowledged{table, number};
        if (write(acknowledgements, &acknowledged, sizeof acknowledged) != sizeof acknowledged) _exit(1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  _exit(1);
}

/// Runs a writer, kills it after `count` acknowledgements, and returns the last one of each table.
std::map<int, int> run_and_kill(const TemporaryFolder& folder, int count) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    write_until_killed(folder, ends[1]);
  }
  close(ends[1]);
  std::map<int, int> last;
  Acknowledged acknowledged{};
  int seen = 0;
  if (count == 0) kill(child, SIGKILL);
  while (read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
    last[acknowledged.table] = acknowledged.number;
    if (++seen == count) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  return last;
}

void check_whole(Records& records, int table) {
  const int number = std::stoi(records.tables.checkpoint(table).value_or("0"));
  const auto changes = records.changes.after(table, 0, 1'000'000);
  REQUIRE(changes.size() == static_cast<std::size_t>(number));
  std::map<std::string, std::string> newest;
  for (int i = 0; i < number; ++i) {
    REQUIRE(changes[i].after == std::to_string(i + 1));
    newest[changes[i].key] = *changes[i].after;
  }
  REQUIRE(records.images.count(table) == static_cast<std::int64_t>(newest.size()));
  for (const auto& [key, image] : newest) REQUIRE(records.images.find(table, key)->image == image);
}

TEST_CASE("a daemon killed at any moment leaves whole pieces of work, and all that were acknowledged") {
  std::mt19937 random(20'261'122);
  for (int journal_number = 0; journal_number < 3; ++journal_number) {
    const TemporaryFolder folder;
    for (int round = 0; round < 8; ++round) {
      const int count = static_cast<int>(random() % 120);
      CAPTURE(count);
      const auto acknowledged = run_and_kill(folder, count);
      const auto journal = Journal::open({.path = folder.journal()});
      auto lease = journal->read();
      for (int table = 1; table <= tables; ++table) {
        check_whole(*lease, table);
        const auto last = acknowledged.find(table);
        if (last == acknowledged.end()) continue;
        CHECK(std::stoi(lease->tables.checkpoint(table).value_or("0")) >= last->second);
      }
    }
    Connection connection(folder.journal().string(), Connection::Mode::read_only);
    Statement check = connection.prepare("PRAGMA integrity_check");
    REQUIRE(check.step());
    CHECK(check.text(0) == "ok");
  }
}

/// Runs `body` as nobody, who is in the journal's group but not its owner; true when it returned true.
template <typename Body>
pid_t start_as_nobody(int go, const Body& body) {
  const pid_t child = fork();
  if (child != 0) return child;
  char byte = 0;
  const bool told = read(go, &byte, 1) == 1;
  bool good = false;
  try {
    good = told && setgid(65534) == 0 && setuid(65534) == 0 && body();
  } catch (const std::exception& error) {
    fprintf(stderr, "as nobody: %s\n", error.what());
  }
  _exit(good ? 0 : 1);
}

bool succeeded(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Forked before the journal is opened: SQLite's locks do not survive a fork.
struct Nobody {
  explicit Nobody(const TemporaryFolder& folder, std::size_t changes) {
    REQUIRE(pipe(ends.data()) == 0);
    child = start_as_nobody(ends[0], [&folder, changes] {
      ReadOnlyJournal journal(folder.journal());
      return journal->changes.after(1, 0, 1'000'000).size() >= changes;
    });
  }
  bool can_read(const TemporaryFolder& folder) {
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      REQUIRE(chown(entry.path().c_str(), static_cast<uid_t>(-1), 65534) == 0);
    }
    REQUIRE(write(ends[1], "g", 1) == 1);
    return succeeded(child);
  }
  std::array<int, 2> ends{};
  pid_t child = -1;
};

TEST_CASE("a member of the group reads the journal while the daemon runs, after it closed, and after it was killed" *
          doctest::skip(geteuid() != 0)) {
  const TemporaryFolder folder;
  {
    Nobody nobody(folder, 1);
    const auto journal = Journal::open({.path = folder.journal()});
    journal->write([](Records& records) { write_one(records, 1, 1); });
    CHECK(nobody.can_read(folder));
  }
  CHECK(Nobody(folder, 1).can_read(folder));
  const auto acknowledged = run_and_kill(folder, 50);
  REQUIRE(std::filesystem::exists(folder.journal().string() + "-wal"));
  CHECK(Nobody(folder, acknowledged.at(1)).can_read(folder));
}

}  // namespace
}  // namespace engine::journal
