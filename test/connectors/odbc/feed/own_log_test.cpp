// Logs that databases keep by themselves, over their drivers.
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

using engine::model::ChangeFeed;
using engine::model::LogName;
using engine::model::TableRequest;
using odbc_test::Database;
using Lines = std::vector<std::string>;

namespace {

struct Fed {
  Fed(Database& db, TableRequest request, LogName name)
      : source(db.source()), table(std::move(request)), feed(source->change_feed(table, source->describe(table), name)) {}

  /// What is new, as "table key"; it is confirmed.
  Lines news() {
    Lines told;
    const ChangeFeed::Standing standing = feed->standing(position);
    CHECK(standing.lost == "");
    feed->identities();
    std::string to = position;
    feed->read(position, [&](const ChangeFeed::Batch& batch) {
      for (const ChangeFeed::News& news : batch.news) told.push_back(fmt::format("{} {}", news.table, news.key.value_or("any")));
      to = batch.position;
    });
    if (to != position) feed->confirm(to);
    position = to;
    return told;
  }

  std::set<std::string> news_once() {
    const Lines all = news();
    return {all.begin(), all.end()};
  }

  std::unique_ptr<engine::model::Source> source;
  TableRequest table;
  std::unique_ptr<ChangeFeed> feed;
  std::string position;
};

const char* const no_slot = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'dp_unit'";

void follow_slot(Database& db) {
  db.create("fed_a", "id NUMERIC(30,2) NOT NULL PRIMARY KEY, v TEXT");
  db.create("fed_b", "code CHAR(5) NOT NULL PRIMARY KEY, v INTEGER");
  const TableRequest table{"fed_a", "", {"id"}, {}, {}};
  const LogName name{"dp_unit", "a", "slot", {{"a", "fed_a", {"id"}}, {"b", "fed_b", {"code"}}, {"c", "not_there", {"x"}}}};
  Fed fed(db, table, name);
  CHECK(fed.news().empty());
  Database other(db.kind(), db.connection_string());
  other.run("BEGIN");
  other.run("INSERT INTO fed_a VALUES (1, 'late')");
  db.run("INSERT INTO fed_a VALUES (2, 'early'), (3, 'early')");
  db.run("INSERT INTO fed_b VALUES ('x', 1)");
  CHECK(fed.news() == Lines{"0 2.00", "0 3.00", "1 x    "});
  other.run("COMMIT");
  db.run("UPDATE fed_a SET id = 4 WHERE id = 2");
  db.run("DELETE FROM fed_b");
  db.run("BEGIN; DELETE FROM fed_a; ROLLBACK");
  CHECK(fed.news() == Lines{"0 1.00", "0 2.00", "0 4.00", "1 x    "});
  db.run("TRUNCATE fed_a, fed_b");
  CHECK(fed.news() == Lines{"0 any", "1 any"});
  CHECK(fed.news().empty());
  db.run("INSERT INTO fed_a SELECT i, repeat('long ', 100) FROM generate_series(1, 25000) i");
  CHECK(fed.news().size() == 25'000);
  db.run("INSERT INTO fed_a SELECT i, '' FROM generate_series(100000, 310000) i");
  CHECK(fed.news() == Lines{"0 any"});
  fed.feed->require_table();
  db.run("ALTER TABLE fed_a REPLICA IDENTITY NOTHING");
  CHECK_THROWS_AS(fed.feed->require_table(), engine::Error);
  db.run("ALTER TABLE fed_a REPLICA IDENTITY FULL");
  fed.feed->require_table();
  db.run("UPDATE fed_a SET v = 'full' WHERE id = 7");
  db.run("DELETE FROM fed_a WHERE id = 8");
  CHECK(fed.news() == Lines{"0 7.00", "0 8.00"});
  db.run(no_slot);
  CHECK(fed.feed->standing(fed.position).lost != "");
  db.run("INSERT INTO fed_a VALUES (-1, 'unseen')");
  db.run("SELECT pg_create_logical_replication_slot('dp_unit', 'test_decoding')");
  CHECK(fed.feed->standing(fed.position).lost != "");
  fed.feed->begin_anew();
  fed.position.clear();
  db.run("INSERT INTO fed_a VALUES (-2, 'seen')");
  CHECK(fed.news() == Lines{"0 -2.00"});
  fed.source->close();
}

}  // namespace

TEST_CASE("a slot tells the keys of whole transactions in the order of their commits, whatever its plugin") {
  Database* const db = odbc_test::database("postgresql");
  if (db == nullptr) return;
  for (const std::string plugin : {"test_decoding", "wal2json"}) {
    CAPTURE(plugin);
    db->try_run(no_slot);
    db->try_run(fmt::format("SELECT pg_create_logical_replication_slot('dp_unit', '{}')", plugin));
    // wal2json is not everywhere.
    if (plugin != "wal2json" || db->ask("SELECT plugin FROM pg_replication_slots WHERE slot_name = 'dp_unit'") == plugin) follow_slot(*db);
    db->try_run(no_slot);
  }
}

TEST_CASE("a versioned table tells the keys of rows that began or ended, each once, also of what commits late") {
  Database* const db = odbc_test::database("mariadb");
  if (db == nullptr) return;
  const std::string declared = ", a {0} GENERATED ALWAYS AS ROW START, b {0} GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (a, b)";
  for (const std::string type : {"", "TIMESTAMP(6)", "BIGINT UNSIGNED"}) {
    CAPTURE(type);
    db->try_run("DROP TABLE fed_v");
    db->run(fmt::format("CREATE TABLE fed_v (k VARCHAR(5), d DATE, v INTEGER, PRIMARY KEY (k, d){}) WITH SYSTEM VERSIONING",
                        type.empty() ? "" : fmt::format(fmt::runtime(declared), type)));
    const Lines excluded = type.empty() ? Lines() : Lines{"a", "b"};
    const TableRequest table{"fed_v", "", {"k", "d"}, excluded, {}};
    const LogName name{"", "v", "versions", {{"v", "fed_v", {"k", "d"}}}, 60'000};
    Fed fed(*db, table, name);
    fed.feed->require_table();
    try {
      fed.feed->require_usable();
    } catch (const engine::Error& error) {
      // This user may not read which transactions were committed.
      CHECK(error.hint().find("transaction_registry") != std::string::npos);
      continue;
    }
    CHECK(fed.news().empty());
    Database other(db->kind(), db->connection_string());
    other.run("BEGIN");
    other.run("INSERT INTO fed_v (k, d, v) VALUES ('late', '2026-01-02', 1)");
    other.run("SAVEPOINT half");
    other.run("INSERT INTO fed_v (k, d, v) VALUES ('never', '2026-01-02', 1)");
    other.run("ROLLBACK TO half");
    db->run("INSERT INTO fed_v (k, d, v) VALUES ('x|', '2026-01-02', 1)");
    CHECK(fed.news_once() == std::set<std::string>{"0 x~1|2026-01-02"});
    other.run("COMMIT");
    CHECK(fed.news_once() == std::set<std::string>{"0 late|2026-01-02"});
    CHECK(fed.news().empty());
    db->run("DELETE FROM fed_v WHERE k = 'late'");
    CHECK(fed.news_once() == std::set<std::string>{"0 late|2026-01-02"});
    db->run("UPDATE fed_v SET k = 'y'");
    CHECK(fed.news_once() == std::set<std::string>{"0 x~1|2026-01-02", "0 y|2026-01-02"});
    CHECK(fed.news().empty());
    if (type.empty()) db->run("ALTER TABLE fed_v DROP SYSTEM VERSIONING");
    else db->run("DROP TABLE fed_v");
    CHECK_THROWS_AS(fed.feed->require_table(), engine::Error);
  }
}
