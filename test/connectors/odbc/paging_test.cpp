// Keys of all types: chunks visit every row exactly once, keys are bound again, over each driver.
#include <algorithm>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "connectors/odbc/odbc_source.h"
#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

using engine::Error;
using engine::ErrorCode;
using engine::model::RowBatch;
using engine::model::SourceKey;
using engine::model::TableRequest;
using odbc_test::Cell;
using odbc_test::Database;
using odbc_test::read_chunks;
using odbc_test::Row;

namespace {

/// One table: its key's columns and SQL literals of the keys, in no order.
struct KeyCase {
  std::string columns;  ///< "k INTEGER NOT NULL"
  std::vector<std::string> key;
  std::vector<std::string> literals;  ///< "1, 'a'"
};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void fill(Database& db, const KeyCase& keys) {
  db.create("k", fmt::format("{}, v INTEGER, PRIMARY KEY ({})", keys.columns, joined(keys.key)));
  int number = 0;
  for (const std::string& literal : keys.literals) db.run(fmt::format("INSERT INTO k VALUES ({}, {})", literal, ++number));
}

std::vector<SourceKey> all_keys(engine::model::Source& source, const TableRequest& table) {
  std::vector<SourceKey> keys;
  const auto shape = source.describe(table);
  const auto stream = source.open_range(table, shape, {}, 10'000);
  RowBatch batch;
  while (stream->next(batch)) {
    for (std::size_t i = 0; i < batch.rows(); ++i) keys.push_back(batch.source_key(i));
  }
  return keys;
}

/// Every row exactly once, whatever the chunk's size; every key finds its own row again.
void check_paging(Database& db, const KeyCase& keys) {
  CAPTURE(db.kind());
  CAPTURE(keys.columns);
  fill(db, keys);
  const TableRequest table{"k", "", keys.key, {}};
  const auto source = db.source();
  CHECK(source->describe(table).key_is_indexed);
  std::multiset<std::string> expected;
  for (std::size_t i = 1; i <= keys.literals.size(); ++i) expected.insert(std::to_string(i));
  for (const std::size_t limit : {1, 2, 3, 7, 1000}) {
    CAPTURE(limit);
    std::multiset<std::string> seen;
    for (const Row& row : read_chunks(*source, table, limit)) seen.insert(*row.back());
    CHECK(seen == expected);
  }
  const auto found_keys = all_keys(*source, table);
  REQUIRE(found_keys.size() == keys.literals.size());
  const auto shape = source->describe(table);
  for (const std::size_t count : {std::size_t(1), found_keys.size()}) {
    const auto stream = source->open_keys(table, shape, std::span(found_keys).first(count));
    CHECK(odbc_test::rows_of(*stream).size() == count);
  }
}

void check_all(const KeyCase& keys) {
  for (const auto& db : odbc_test::databases()) check_paging(*db, keys);
}

}  // namespace

TEST_CASE("integer keys, negative ones too") {
  check_all({"k BIGINT NOT NULL", {"k"}, {"5", "-3", "0", "9223372036854775807", "-9223372036854775807", "12", "100", "-1"}});
}

TEST_CASE("text keys with quotes, blanks, letters beyond ASCII") {
  check_all({"k VARCHAR(20) NOT NULL", {"k"}, {"'a'", "'B'", "'c d'", "'it''s'", "'%'", "'è'", "'Z'", "''", "'10'", "'9'", "'日本'"}});
}

TEST_CASE("keys in padded CHAR columns") {
  check_all({"k CHAR(8) NOT NULL", {"k"}, {"'C001    '", "'C002    '", "'C01     '", "'D       '", "'A B     '", "'12345678'"}});
}

TEST_CASE("decimal keys") {
  for (const auto& db : odbc_test::databases()) {
    if (db->is("sqlite")) continue;
    check_paging(*db, {"k DECIMAL(30,5) NOT NULL", {"k"}, {"1.5", "-1.5", "0", "1234567890123456789012345.00001", "1234567890123456789012345.00002", "2"}});
  }
  if (auto* db = odbc_test::database("sqlite")) check_paging(*db, {"k NUMERIC(7,2) NOT NULL", {"k"}, {"1.5", "-1.5", "0", "99999.99", "10", "9"}});
}

TEST_CASE("date and timestamp keys") {
  check_all({"k DATE NOT NULL", {"k"}, {"'2026-01-31'", "'1999-12-31'", "'2026-02-01'", "'2000-02-29'"}});
  for (const auto& db : odbc_test::databases()) {
    const char* type = db->is("sqlite") ? "TIMESTAMP" : db->is("mariadb") ? "DATETIME(6)" : "TIMESTAMP(6)";
    check_paging(*db, {fmt::format("k {} NOT NULL", type), {"k"}, {"'2026-01-31 10:00:00'", "'2026-01-31 10:00:00.000001'", "'2026-01-31 10:00:00.5'", "'1999-12-31 23:59:59'"}});
  }
}

TEST_CASE("binary and UUID keys") {
  const std::vector<std::string> uuids{"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'00000000-0000-0000-0000-000000000001'", "'ffffffff-0000-0000-0000-000000000001'"};
  if (auto* db = odbc_test::database("postgresql")) {
    check_paging(*db, {"k UUID NOT NULL", {"k"}, uuids});
    check_paging(*db, {"k BYTEA NOT NULL", {"k"}, {"'\\x00ff'", "'\\x00'", "'\\xffee'", "'\\x4142'"}});
  }
  if (auto* db = odbc_test::database("mariadb")) {
    check_paging(*db, {"k UUID NOT NULL", {"k"}, uuids});
    check_paging(*db, {"k BINARY(16) NOT NULL", {"k"}, {"x'00112233445566778899aabbccddeeff'", "x'ff112233445566778899aabbccddee00'", "x'00112233445566778899aabbccddee00'"}});
  }
  if (auto* db = odbc_test::database("sqlite")) check_paging(*db, {"k BLOB NOT NULL", {"k"}, {"x'00ff'", "x'00'", "x'ffee'", "x'4142'"}});
}

TEST_CASE("keys under a collation that is not byte order") {
  const std::vector<std::string> words{"'alfa'", "'Beta'", "'gamma'", "'Delta'", "'èpsilon'", "'Zeta'", "'eta'"};
  if (auto* db = odbc_test::database("mariadb")) check_paging(*db, {"k VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL", {"k"}, words});
  if (auto* db = odbc_test::database("postgresql")) check_paging(*db, {"k VARCHAR(20) COLLATE \"en-x-icu\" NOT NULL", {"k"}, words});
  if (auto* db = odbc_test::database("sqlite")) check_paging(*db, {"k VARCHAR(20) COLLATE NOCASE NOT NULL", {"k"}, words});
}

TEST_CASE("composite keys of mixed types") {
  std::vector<std::string> literals;
  for (const char* company : {"'A01 '", "'A02 '", "'B   '"}) {
    for (int year = 2024; year < 2027; ++year) {
      for (const int line : {1, 2, 10, 20}) literals.push_back(fmt::format("{}, {}, {}", company, year, line));
    }
  }
  check_all({"a CHAR(4) NOT NULL, b INTEGER NOT NULL, c BIGINT NOT NULL", {"a", "b", "c"}, literals});
}

TEST_CASE("a table of several chunks and batches is read in the server's order, whole or by chunks") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("k", "k INTEGER PRIMARY KEY, v VARCHAR(40)");
    std::string values;
    for (int i = 1; i <= 2500; ++i) values += fmt::format("{}({}, 'value {}')", i == 1 ? "" : ",", i, i);
    db->run("INSERT INTO k VALUES " + values);
    const auto source = db->source();
    const TableRequest table{"k", "", {"k"}, {}};
    const auto chunks = read_chunks(*source, table, 2000);
    REQUIRE(chunks.size() == 2500);
    for (int i = 0; i < 2500; ++i) CHECK(chunks[i] == Row{std::to_string(i + 1), fmt::format("value {}", i + 1)});
    auto whole = odbc_test::read_whole(*source, table);
    CHECK(whole.size() == 2500);
    std::sort(whole.begin(), whole.end(), [](const Row& a, const Row& b) { return std::stoi(*a[0]) < std::stoi(*b[0]); });
    CHECK(whole == chunks);
  }
}

TEST_CASE("streams opened in turn and left unread do not disturb each other") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("k", "k INTEGER PRIMARY KEY, v INTEGER");
    for (int i = 1; i <= 30; ++i) db->run(fmt::format("INSERT INTO k VALUES ({}, {})", i, i));
    const auto source = db->source();
    const TableRequest table{"k", "", {"k"}, {}};
    const auto shape = source->describe(table);
    for (int round = 0; round < 3; ++round) {
      RowBatch batch;
      const auto left_unread = source->open_range(table, shape, {}, 5);
      const std::vector<SourceKey> keys{{{"7"}}, {{"8"}}, {{"99"}}};
      CHECK(odbc_test::rows_of(*source->open_keys(table, shape, keys)).size() == 2);
      const auto whole = source->open_whole(table, shape);
      REQUIRE(whole->next(batch));
      CHECK(odbc_test::rows_of(*source->open_range(table, shape, {.after = SourceKey{{"10"}}}, 100)).size() == 20);
      REQUIRE(left_unread->next(batch));
      CHECK(batch.rows() == 5);
      CHECK_FALSE(left_unread->next(batch));
      CHECK(read_chunks(*source, table, 5).size() == 30);
    }
  }
}

TEST_CASE("a padded key comes back as it was given, so that it is found again") {
  for (const auto& db : odbc_test::databases()) {
    if (db->is("mariadb")) continue;  // it takes the blanks off by itself
    CAPTURE(db->kind());
    fill(*db, {"k CHAR(6) NOT NULL", {"k"}, {"'ab    '"}});
    const auto source = db->source();
    const TableRequest table{"k", "", {"k"}, {}};
    const auto shape = source->describe(table);
    const auto stream = source->open_range(table, shape, {}, 10);
    RowBatch batch;
    REQUIRE(stream->next(batch));
    CHECK(batch.row(0).text(0) == "ab");
    CHECK(batch.source_key(0).parts == std::vector<std::string>{"ab    "});
  }
}

TEST_CASE("a NULL in a key is refused, also where the server's order hides it from chunks") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("k", "k INTEGER, v INTEGER");
    db->run("INSERT INTO k VALUES (1, 1), (NULL, 2)");
    const auto source = db->source();
    const TableRequest table{"k", "", {"k"}, {}};
    const auto shape = source->describe(table);
    const auto refused = [&](auto&& read) {
      try {
        read();
      } catch (const Error& error) {
        return error.code() == ErrorCode::source_bad_data;
      }
      return false;
    };
    CHECK(refused([&] { source->open_range(table, shape, {}, 1); }));
    CHECK(refused([&] { odbc_test::rows_of(*source->open_whole(table, shape)); }));
  }
}
