#include <doctest/doctest.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "engine/journal/connection.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::TemporaryFolder;

std::string page() {
  std::ifstream file(SOURCE_DIR "/docs/journal.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The text between a table's heading and the next heading.
std::string section_of(const std::string& text, const std::string& table) {
  const auto start = text.find("\n### `" + table + "`\n");
  if (start == std::string::npos) return {};
  return text.substr(start, text.find("\n##", start + 5) - start);
}

std::vector<std::string> sql_blocks(const std::string& text) {
  std::vector<std::string> blocks;
  for (auto at = text.find("```sql\n"); at != std::string::npos; at = text.find("```sql\n", at)) {
    const auto end = text.find("```", at + 7);
    blocks.push_back(text.substr(at + 7, end - at - 7));
    at = end;
  }
  return blocks;
}

TEST_CASE(
    "every table and column of the schema is described in docs/journal.md, and no table is described that is not "
    "there") {
  const TemporaryFolder folder;
  Journal::open({.path = folder.journal()});
  Connection connection(folder.journal().string(), Connection::Mode::read_only);
  const std::string text = page();
  int tables = 0;
  Statement row = connection.prepare(
      "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c"
      " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid");
  std::string last;
  while (row.step()) {
    const std::string table(row.text(0)), column(row.text(1));
    CAPTURE(table);
    CAPTURE(column);
    CHECK(section_of(text, table).find("`" + column + "`") != std::string::npos);
    tables += table != last;
    last = table;
  }
  int sections = 0;
  for (auto at = text.find("\n### `"); at != std::string::npos; at = text.find("\n### `", at + 1)) ++sections;
  CHECK(sections == tables);
  CHECK(text.find("version " + std::to_string(schema_version) + " ") != std::string::npos);
}

/// One customer whose credit limit was raised, with its delivery and what the target answered; one dead letter.
void tell_a_story(Records& records) {
  const auto table = records.tables.ensure("anacli").id;
  const auto pipeline = records.pipelines.ensure("customers_to_crm", table, 0).id;
  const std::string was = R"({"CODCLI":"C001","RAGSOC":"Rossi Srl","FIDO":"900.00"})";
  const std::string now = R"({"CODCLI":"C001","RAGSOC":"Rossi Srl","FIDO":"1000.00"})";
  model::Change change = test::change_of(table, R"(["C001"])", now);
  change.before = was;
  change.changed_columns = R"(["FIDO"])";
  change.captured_ms = 32'503'680'000'000;
  records.changes.append(change);
  records.images.insert(test::image_of(table, "\x01", 1, now));
  records.pipelines.set_position(pipeline, 1);
}

constexpr const char* deliveries =
    "INSERT INTO delivery (pipeline_id, key, cycle_id, first_seq, last_seq, connection, object, match, effect, policy,"
    " mapping, state, reason, created_ms, updated_ms) VALUES"
    " (1, '[\"C001\"]', 1, 1, 1, 'crm', 'companies', '{}', 'present', 'latest', 'f', 'dead', 'no such city', 0, 0);"
    "INSERT INTO attempt (delivery_id, step, number, started_ms, request, outcome, status) VALUES"
    " (1, 'create', 1, 0, '{}', 'permanent', 422)";

using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

int rows_of(sqlite3* database, const std::string& sql) {
  int rows = 0;
  const auto count = [](void* rows, int, char**, char**) { return ++*static_cast<int*>(rows), 0; };
  char* message = nullptr;
  sqlite3_exec(database, sql.c_str(), count, &rows, &message);
  if (message != nullptr) FAIL_CHECK(message);
  sqlite3_free(message);
  return rows;
}

TEST_CASE("each query of docs/journal.md runs in plain SQLite and finds what it asks for") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write(tell_a_story);
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open(folder.journal().c_str(), &raw) == SQLITE_OK);
  const Database database(raw, &sqlite3_close);
  rows_of(raw, deliveries);
  const auto blocks = sql_blocks(page());
  CHECK(blocks.size() >= 6);
  for (const auto& sql : blocks) {
    CAPTURE(sql);
    CHECK(rows_of(raw, sql) == 1);
  }
}

TEST_CASE("exact decimals are read from an image with all their digits") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write(tell_a_story);
  Connection connection(folder.journal().string(), Connection::Mode::read_only);
  Statement row =
      connection.prepare("SELECT json_extract(after, '$.FIDO'), json_extract(before, '$.FIDO') FROM change");
  REQUIRE(row.step());
  CHECK(row.text(0) == "1000.00");
  CHECK(row.text(1) == "900.00");
}

}  // namespace
}  // namespace engine::journal
