#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <regex>

#include "engine/journal/connection.h"
#include "engine/journal/lock_file.h"
#include "engine/journal/migrations.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::code_thrown_by;
using test::error_thrown_by;
using test::TemporaryFolder;

bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("a journal keeps its identity, which no other one has") {
  const TemporaryFolder folder, other;
  const std::string id = Journal::open({.path = folder.journal()})->id();
  CHECK(std::regex_match(id, std::regex("[0-9a-f]{32}")));
  CHECK(Journal::open({.path = folder.journal()})->id() == id);
  CHECK(ReadOnlyJournal(folder.journal()).id() == id);
  CHECK(Journal::open({.path = other.journal()})->id() != id);
}

TEST_CASE("a second daemon is refused with the process that holds the journal, and let in when that one has ended") {
  const TemporaryFolder folder;
  {
    const auto journal = Journal::open({.path = folder.journal()});
    const Error error = error_thrown_by([&] { Journal::open({.path = folder.journal()}); });
    CHECK(error.code() == ErrorCode::journal_locked);
    CHECK(mentions(error.what(), std::to_string(getpid())));
    CHECK(mentions(error.what(), folder.journal().string()));
    CHECK(!error.hint().empty());
    CHECK(LockFile::is_held(folder.journal()));
  }
  CHECK(!LockFile::is_held(folder.journal()));
  Journal::open({.path = folder.journal()});
}

TEST_CASE("asking whether a daemon runs never stands in the way of one that starts") {
  const TemporaryFolder folder;
  Journal::open({.path = folder.journal()});
  const ReadOnlyJournal reader(folder.journal());
  Journal::open({.path = folder.journal()});
}

TEST_CASE("a missing folder or journal is a matter of the environment") {
  const TemporaryFolder folder;
  const auto nowhere = folder.path() / "missing" / "journal.db";
  const Error error = error_thrown_by([&] { Journal::open({.path = nowhere}); });
  CHECK(error.code() == ErrorCode::environment_missing);
  CHECK(mentions(error.what(), "missing"));
  CHECK(mentions(error.hint(), "Create"));
  CHECK(code_thrown_by([&] { ReadOnlyJournal reader(folder.journal()); }) == ErrorCode::environment_missing);
  CHECK(!std::filesystem::exists(folder.journal()));
}

TEST_CASE("a file that is no database, or no journal, is refused and left as it was") {
  const TemporaryFolder folder;
  const std::string text(10'000, 'x');
  std::ofstream(folder.journal()) << text;
  const Error error = error_thrown_by([&] { Journal::open({.path = folder.journal()}); });
  CHECK(error.code() == ErrorCode::journal_failed);
  CHECK(mentions(error.hint(), "backup"));
  CHECK(code_thrown_by([&] { ReadOnlyJournal reader(folder.journal()); }) == ErrorCode::journal_failed);
  std::string now;
  std::getline(std::ifstream(folder.journal()), now);
  CHECK(now == text);

  const TemporaryFolder other;
  std::ofstream(other.journal()).close();
  Connection(other.journal().string(), Connection::Mode::read_write).execute("CREATE TABLE invoices (n)");
  CHECK(mentions(error_thrown_by([&] { Journal::open({.path = other.journal()}); }).what(), "not a journal"));
}

TEST_CASE("a journal whose pages were overwritten fails when they are read, instead of giving nonsense") {
  const TemporaryFolder folder;
  Journal::open({.path = folder.journal()})->write([](Records& records) {
    for (int i = 0; i < 2'000; ++i)
      records.changes.append(test::change_of(1, std::to_string(i), std::string(500, 'x')));
  });
  {
    std::fstream file(folder.journal(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 80);
    file << std::string(4096 * 100, '\x5a');
  }
  const auto journal = Journal::open({.path = folder.journal()});
  CHECK(code_thrown_by([&] { journal->read()->changes.page(0, 10'000, false); }) == ErrorCode::journal_failed);
}

TEST_CASE("a journal of a newer program is refused by writers and readers, and left as it was") {
  const TemporaryFolder folder;
  Journal::open({.path = folder.journal()});
  Connection(folder.journal().string(), Connection::Mode::read_write).execute("PRAGMA user_version = 7");
  const Error error = error_thrown_by([&] { Journal::open({.path = folder.journal()}); });
  CHECK(error.code() == ErrorCode::journal_failed);
  CHECK(mentions(error.what(), "version 7"));
  CHECK(!error.hint().empty());
  CHECK(code_thrown_by([&] { ReadOnlyJournal reader(folder.journal()); }) == ErrorCode::journal_failed);
}

std::vector<std::filesystem::path> backups_in(const TemporaryFolder& folder, int version = schema_version) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (mentions(entry.path().filename().string(), fmt::format("journal.db.backup-v{}-", version))) found.push_back(entry.path());
  }
  return found;
}

TEST_CASE("an older journal is taken forward step by step after a backup that a program of its time can open") {
  const TemporaryFolder folder;
  std::string id;
  {
    const auto journal = Journal::open({.path = folder.journal()});
    id = journal->id();
    journal->write([](Records& records) { records.tables.ensure("anacli"); });
  }
  const Migration steps[] = {
      {schema_version + 1, "ALTER TABLE source_table ADD COLUMN owner TEXT NOT NULL DEFAULT 'sales'"},
      {schema_version + 2, "ALTER TABLE source_table RENAME COLUMN owner TO team"}};
  {
    Connection connection(folder.journal().string(), Connection::Mode::read_write);
    bring_up_to_date(connection, Schema{schema_version + 2, current_schema().create, steps});
    require_version(connection, schema_version + 2);
    Statement row = connection.prepare("SELECT name, team FROM source_table");
    REQUIRE(row.step());
    CHECK(row.text(0) == "anacli");
    CHECK(row.text(1) == "sales");
  }
  const auto backups = backups_in(folder);
  REQUIRE(backups.size() == 1);
  ReadOnlyJournal backup(backups[0]);
  CHECK(backup.id() == id);
  CHECK(backup->tables.find("anacli"));
}

TEST_CASE("a migration that fails leaves the journal as it was") {
  const TemporaryFolder folder;
  Journal::open({.path = folder.journal()});
  const Migration steps[] = {{schema_version + 1, "ALTER TABLE source_table ADD COLUMN owner TEXT"},
                             {schema_version + 2, "ALTER TABLE no_such ADD COLUMN x"}};
  {
    Connection connection(folder.journal().string(), Connection::Mode::read_write);
    CHECK(code_thrown_by([&] {
            bring_up_to_date(connection, Schema{schema_version + 2, current_schema().create, steps});
          }) == ErrorCode::journal_failed);
  }
  Journal::open({.path = folder.journal()})->write([](Records& records) { records.tables.ensure("anacli"); });
  CHECK(backups_in(folder).size() == 1);
}

TEST_CASE("a path with characters that mean something in a URI is a path") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "100%25?mode=memory#x.db";
  const std::string id = Journal::open({.path = path})->id();
  CHECK(std::filesystem::exists(path));
  CHECK(ReadOnlyJournal(path).id() == id);
}

TEST_CASE("the journal is not readable by everybody") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) { records.tables.ensure("anacli"); });
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    CAPTURE(entry.path());
    CHECK((entry.status().permissions() & std::filesystem::perms::others_all) == std::filesystem::perms::none);
  }
}

TEST_CASE("a reading verb sees what the running daemon committed, and leaves no file when none runs") {
  const TemporaryFolder folder;
  {
    const auto journal = Journal::open({.path = folder.journal()});
    journal->write([](Records& records) { records.tables.ensure("anacli"); });
    ReadOnlyJournal reader(folder.journal());
    CHECK(reader->tables.find("anacli"));
    journal->write([](Records& records) { records.tables.ensure("ordini"); });
    CHECK(reader->tables.find("ordini"));
  }
  ReadOnlyJournal reader(folder.journal());
  CHECK(reader->tables.all().size() == 2);
  CHECK(!std::filesystem::exists(folder.journal().string() + "-wal"));
  CHECK(!std::filesystem::exists(folder.journal().string() + "-shm"));
}

}  // namespace
}  // namespace engine::journal
