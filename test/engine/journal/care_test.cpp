#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "engine/journal/connection.h"
#include "engine/journal/migrations.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal::test {

namespace {

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Tables with their columns, and indexes with theirs: what a program that reads a journal depends on.
std::string shape_of(const std::filesystem::path& path) {
  Connection connection(path.string(), Connection::Mode::read_write);
  std::string shape;
  for (const char* sql :
       {"SELECT t.name || '.' || c.cid || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || "
        "ifnull(c.dflt_value, '-') || ' ' || c.pk FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = "
        "'table' ORDER BY t.name, c.cid",
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"}) {
    Statement row = connection.prepare(sql);
    while (row.step()) shape += std::string(row.text(0)) + "\n";
  }
  return shape;
}

}  // namespace

TEST_CASE("a journal of version 1 becomes what schema.sql says, with everything that was in it") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "new");
  Journal::open({.path = folder.path() / "new" / "journal.db"});
  {
    std::ofstream(folder.journal()).close();
    Connection old(folder.journal().string(), Connection::Mode::read_write);
    old.execute(file_text(SOURCE_DIR "/test/golden/journal/schema_v1.sql"));
    old.execute("INSERT INTO journal VALUES ('0123456789abcdef0123456789abcdef', 1, '0.1')");
    old.execute("INSERT INTO source_table (name) VALUES ('anacli')");
  }
  {
    const auto journal = Journal::open({.path = folder.journal()});
    CHECK(journal->id() == "0123456789abcdef0123456789abcdef");
    CHECK(journal->read()->tables.find("anacli"));
    CHECK(journal->read()->pauses.all().empty());
  }
  CHECK(shape_of(folder.journal()) == shape_of(folder.path() / "new" / "journal.db"));
}

TEST_CASE("a pause keeps who asked for it first") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    CHECK(records.pauses.put({PauseKind::pipeline, "customers", "anna", "price list is being changed", 5}));
    CHECK_FALSE(records.pauses.put({PauseKind::pipeline, "customers", "ben", "", 6}));
    CHECK(records.pauses.put({PauseKind::table, "customers", "ben", "", 7}));
  });
  const auto pauses = journal->read()->pauses.all();
  REQUIRE(pauses.size() == 2);
  CHECK(pauses[0].actor == "anna");
  CHECK(pauses[0].reason == "price list is being changed");
  journal->write([](Records& records) {
    CHECK(records.pauses.remove(PauseKind::pipeline, "customers"));
    CHECK_FALSE(records.pauses.remove(PauseKind::pipeline, "customers"));
  });
  CHECK(journal->read()->pauses.all().size() == 1);
}

TEST_CASE("the audit gives the newest entries in order") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    for (int i = 1; i <= 3; ++i) records.audit.record({0, i, "anna", "pause", "{}", "because", "{}"});
  });
  const auto entries = journal->read()->audit.newest(2);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].at_ms == 2);
  CHECK(entries[1].at_ms == 3);
}

}  // namespace engine::journal::test
