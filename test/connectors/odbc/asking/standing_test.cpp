// What a server says of a table without giving its rows: probes and checksums, over each driver.
#include <algorithm>
#include <chrono>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "connectors/odbc/odbc_source.h"
#include "test/connectors/odbc/database.h"

using engine::model::KeyRange;
using engine::model::SourceKey;
using engine::model::TableRequest;
using odbc_test::Database;

namespace {

const TableRequest table{"standing", "", {"k"}, {}, {}};

/// Some proof of one is among those of the other: nothing changed in between.
bool proves(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  return std::ranges::any_of(one, [&](const std::string& proof) { return std::ranges::find(other, proof) != other.end(); });
}

bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
  }
  return false;
}

std::vector<std::string> sums_of(engine::model::Source& source, const std::vector<KeyRange>& ranges) {
  return source.checksums(table, source.describe(table), ranges).value();
}

SourceKey key(const char* value) { return SourceKey{{value}}; }

}  // namespace

TEST_CASE("a probe says in time that nothing was committed, and never so when something was") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("standing", "k INTEGER NOT NULL PRIMARY KEY, v INTEGER");
    db->run("INSERT INTO standing VALUES (1, 0)");
    const auto source = db->source();
    for (int round = 1; round <= 30; ++round) {
      const auto before = source->probe(table);
      db->run(fmt::format("UPDATE standing SET v = {} WHERE k = 1", round));
      CHECK_FALSE(proves(before, source->probe(table)));
    }
    std::vector<std::string> proofs;
    CHECK(comes_true([&] { return proves(proofs, proofs = source->probe(table)); }));
    CHECK(proves(proofs, source->probe(table)));
    db->run("DELETE FROM standing");
    CHECK_FALSE(proves(proofs, source->probe(table)));
  }
}

TEST_CASE("what a query or a view gives may change with the time: no probe speaks for them") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("standing", "k INTEGER NOT NULL PRIMARY KEY, v INTEGER");
    db->try_run("DROP VIEW standing_view");
    db->run("CREATE VIEW standing_view AS SELECT k, v FROM standing");
    const auto source = db->source();
    // As long as it takes the probe to speak for the table: before that it would be silent anyway.
    CHECK(comes_true([&] {
      CHECK(source->probe({"", "SELECT k, v FROM standing", {"k"}, {}, {}}).empty());
      CHECK(source->probe({"standing_view", "", {"k"}, {}, {}}).empty());
      return !source->probe(table).empty();
    }));
    CHECK(source->probe({"", "SELECT k, v FROM standing", {"k"}, {}, {}}).empty());
    CHECK(source->probe({"standing_view", "", {"k"}, {}, {}}).empty());
    db->run("DROP VIEW standing_view");
  }
}

TEST_CASE("a transaction that commits after a younger one is no secret to the probe") {
  Database* const db = odbc_test::database("postgresql");
  if (db == nullptr) return;
  db->create("standing", "k INTEGER NOT NULL PRIMARY KEY, v INTEGER");
  Database other(db->kind(), db->connection_string());
  const auto source = db->source();
  db->run("BEGIN");
  db->run("INSERT INTO standing VALUES (1, 1)");
  other.run("INSERT INTO standing VALUES (2, 2)");
  const auto before = source->probe(table);
  db->run("COMMIT");
  CHECK_FALSE(proves(before, source->probe(table)));
}

TEST_CASE("what a connection counted for itself proves nothing to the next one") {
  for (const auto& db : odbc_test::databases()) {
    db->create("standing", "k INTEGER NOT NULL PRIMARY KEY, v INTEGER");
    const auto source = db->source();
    const auto before = source->probe(table);
    // MariaDB's probe speaks only of what has settled.
    if (!db->is("mariadb")) CHECK_FALSE(before.empty());
    source->close();
    CHECK_FALSE(proves(before, source->probe(table)));
  }
}

TEST_CASE("a checksum differs when any value of a row does, and only that of its range") {
  for (const char* kind : {"postgresql", "mariadb"}) {
    Database* const db = odbc_test::database(kind);
    if (db == nullptr) continue;
    CAPTURE(db->kind());
    const bool pg = db->is("postgresql");
    db->create("standing", fmt::format("k INTEGER NOT NULL PRIMARY KEY, t VARCHAR(40), c CHAR(5), n NUMERIC(20,4), d {0}, f {1}, b {2}, at {3}, day DATE, long_text TEXT",
                                pg ? "DOUBLE PRECISION" : "DOUBLE", pg ? "REAL" : "FLOAT", pg ? "BYTEA" : "BLOB", pg ? "TIMESTAMP(6)" : "DATETIME(6)"));
    for (int k = 1; k <= 4; ++k) {
      db->run(fmt::format("INSERT INTO standing VALUES ({}, 'x{}', 'ab', 1.0000, 0.1, 0.5, 'xyz', '2026-01-01 00:00:00.000001', '2026-01-01', 'long')", k, k));
    }
    const auto source = db->source();
    const std::vector<KeyRange> ranges{{{}, key("2")}, {key("2"), key("4")}, {key("4"), {}}};
    auto before = sums_of(*source, ranges);
    CHECK(sums_of(*source, ranges) == before);
    CHECK(before[0] != before[1]);
    for (const char* change : {"t = 'x3 '", "t = ''", "t = NULL", "c = 'ac'", "n = 1.0001", "d = 0.10000000000000002", "f = 0.50000006", "b = 'xyZ'",
                               "b = NULL", "at = '2026-01-01 00:00:00.000002'", "day = '2026-01-02'", "day = NULL", "long_text = 'Long'", "k = 4 WHERE k = 5"}) {
      CAPTURE(change);
      const bool moves = std::string_view(change).starts_with("k =");
      if (moves) db->run("UPDATE standing SET k = 5 WHERE k = 4");
      else db->run(fmt::format("UPDATE standing SET {} WHERE k = 3", change));
      const auto after = sums_of(*source, ranges);
      CHECK(after[0] == before[0]);
      CHECK(after[1] != before[1]);
      CHECK((after[2] != before[2]) == moves);
      before = after;
    }
  }
}

TEST_CASE("what is read in a view is of one state, whatever isolation the server gives who does not ask for one") {
  for (const auto& db : odbc_test::databases()) {
    if (db->is("sqlite")) continue;  // whose readers keep writers out
    CAPTURE(db->kind());
    db->create("standing", "k INTEGER NOT NULL PRIMARY KEY, v INTEGER");
    db->run("INSERT INTO standing VALUES (1, 0)");
    engine::settings::SourceConnection lax = db->connection();
    if (db->is("mariadb")) lax.odbc = engine::Secret(db->connection_string() + ";INITSTMT={SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED}");
    const auto source = connectors::odbc::make_odbc_source(lax, db->dialect());
    const auto shape = source->describe(table);
    const std::vector<KeyRange> all{{{}, {}}};
    REQUIRE(source->open_view());
    const auto read = [&] { return odbc_test::rows_of(*source->open_range(table, shape, {}, 10)); };
    const auto rows = read();
    const auto sums = source->checksums(table, shape, all);
    db->run("UPDATE standing SET v = 1");
    CHECK(read() == rows);
    CHECK(source->checksums(table, shape, all) == sums);
    source->close_view();
    CHECK(read() != rows);
  }
}

TEST_CASE("MariaDB: a table that no snapshot covers has no checksum, nor has a view over it or a query") {
  Database* const db = odbc_test::database("mariadb");
  if (db == nullptr) return;
  const auto source = db->source();
  const auto has_sum = [&](const TableRequest& request) {
    REQUIRE(source->open_view());
    const KeyRange all;
    const bool has = source->checksums(request, source->describe(request), {&all, 1}).has_value();
    source->close_view();
    return has;
  };
  for (const std::string engine : {"InnoDB", "MyISAM", "Aria", "MEMORY"}) {
    CAPTURE(engine);
    db->create("standing", "k INTEGER NOT NULL PRIMARY KEY, v INTEGER");
    db->run(fmt::format("ALTER TABLE standing ENGINE={}", engine));
    CHECK(has_sum(table) == (engine == "InnoDB"));
    db->run("CREATE OR REPLACE VIEW standing_view AS SELECT k, v FROM standing");
    CHECK_FALSE(has_sum({"standing_view", "", {"k"}, {}, {}}));
    CHECK_FALSE(has_sum({"", "SELECT k, v FROM standing", {"k"}, {}, {}}));
    db->run("DROP VIEW standing_view");
  }
}

TEST_CASE("values that two rows exchange, or that move from one column to the next, change the checksum") {
  for (const char* kind : {"postgresql", "mariadb"}) {
    Database* const db = odbc_test::database(kind);
    if (db == nullptr) continue;
    CAPTURE(db->kind());
    db->create("standing", "k INTEGER NOT NULL PRIMARY KEY, a VARCHAR(20), b VARCHAR(20)");
    const auto source = db->source();
    const std::vector<KeyRange> all{{{}, {}}};
    const auto sum_with = [&](const std::string& rows) {
      db->run("DELETE FROM standing");
      db->run("INSERT INTO standing VALUES " + rows);
      return sums_of(*source, all)[0];
    };
    for (int i = 0; i < 50; ++i) {
      CHECK(sum_with(fmt::format("(1, 'p', '{0:05}'), (2, 'q', '{1:05}')", i, i * 7)) != sum_with(fmt::format("(1, 'p', '{1:05}'), (2, 'q', '{0:05}')", i, i * 7 + 1)));
      CHECK(sum_with(fmt::format("(1, 'p', '{0:05}'), (2, 'q', '{1:05}')", i, i + 1)) != sum_with(fmt::format("(1, 'p', '{1:05}'), (2, 'q', '{0:05}')", i, i + 1)));
    }
    CHECK(sum_with("(1, 'x,y', 'z')") != sum_with("(1, 'x', 'y,z')"));
    CHECK(sum_with("(1, NULL, 'z')") != sum_with("(1, 'z', NULL)"));
    CHECK(sum_with("(1, '', NULL)") != sum_with("(1, NULL, '')"));
    CHECK(sum_with("(1, 'a', 'b'), (2, 'a', 'b')") != sum_with("(1, 'a', 'b')"));
    db->run("DELETE FROM standing");
    CHECK_FALSE(sums_of(*source, all)[0].empty());
  }
}

TEST_CASE("ranges of a key of several columns part its rows") {
  for (const char* kind : {"postgresql", "mariadb"}) {
    Database* const db = odbc_test::database(kind);
    if (db == nullptr) continue;
    CAPTURE(db->kind());
    db->create("standing_2", "a INTEGER NOT NULL, b VARCHAR(5) NOT NULL, v INTEGER, PRIMARY KEY (a, b)");
    const TableRequest two{"standing_2", "", {"a", "b"}, {}, {}};
    db->run("INSERT INTO standing_2 VALUES (1, 'x', 1), (1, 'y', 2), (2, 'x', 3), (2, 'y', 4), (3, 'x', 5)");
    const auto source = db->source();
    const auto shape = source->describe(two);
    std::vector<KeyRange> ranges;
    std::optional<SourceKey> after;
    for (const SourceKey& end : {SourceKey{{"1", "x"}}, SourceKey{{"2", "x"}}, SourceKey{{"2", "y"}}}) ranges.push_back({std::exchange(after, end), end});
    ranges.push_back({after, {}});
    const auto counted = [&] {
      std::string counts;
      const auto sums = source->checksums(two, shape, ranges);
      for (const std::string& sum : *sums) counts += sum.substr(0, sum.find(' ')) + " ";
      return counts;
    };
    CHECK(counted() == "1 2 1 1 ");
    CHECK(odbc_test::rows_of(*source->open_range(two, shape, ranges[1], 10)).size() == 2);
    // More than one statement takes.
    for (int i = 0; i < 40; ++i) ranges.push_back({after, {}});
    CHECK(source->checksums(two, shape, ranges)->size() == 44);
  }
}
