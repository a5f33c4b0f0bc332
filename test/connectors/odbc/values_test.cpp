// The ODBC list, values: nothing cut, nothing rounded, NULL apart from empty, over each driver.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "connectors/odbc/odbc_source.h"
#include "test/connectors/odbc/database.h"

using engine::model::ColumnType;
using engine::model::TableRequest;
using odbc_test::Cell;
using odbc_test::read_chunks;
using odbc_test::read_whole;
using odbc_test::Row;

namespace {

const TableRequest t{"t", "", {"id"}, {}};

std::string text_type(const odbc_test::Database& db) { return db.is("mariadb") ? "LONGTEXT" : "TEXT"; }
std::string blob_type(const odbc_test::Database& db) { return db.is("postgresql") ? "BYTEA" : db.is("mariadb") ? "LONGBLOB" : "BLOB"; }

}  // namespace

TEST_CASE("a value longer than its buffer arrives whole, among short ones and NULLs, in a whole read and in chunks") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("t", fmt::format("id INTEGER PRIMARY KEY, a {0}, n INTEGER, b {0}, c VARCHAR(2000)", text_type(*db)));
    std::vector<Row> expected;
    for (int id = 1; id <= 40; ++id) {
      const std::string a(id % 7 == 0 ? 100'000 + id : 3, static_cast<char>('a' + id % 26));
      const std::string c(id % 5 == 0 ? 1900 : 10, 'c');
      const bool null = id % 3 == 0;
      db->run(fmt::format("INSERT INTO t VALUES ({}, '{}', {}, {}, '{}')", id, a, id * 2, null ? "NULL" : fmt::format("'{}'", a + "x"), c));
      expected.push_back({std::to_string(id), a, std::to_string(id * 2), null ? Cell() : Cell(a + "x"), c});
    }
    const auto source = db->source();
    CHECK(read_chunks(*source, t, 13) == expected);
    auto whole = read_whole(*source, t);
    std::sort(whole.begin(), whole.end(), [](const Row& x, const Row& y) { return std::stoi(*x[0]) < std::stoi(*y[0]); });
    CHECK(whole == expected);
  }
}

TEST_CASE("long binary values arrive whole, empty ones are not NULL") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("t", fmt::format("id INTEGER PRIMARY KEY, b {}", blob_type(*db)));
    std::string hex, bytes;
    for (int i = 0; i < 5000; ++i) {
      hex += fmt::format("{:02x}", i % 256);
      bytes += static_cast<char>(i % 256);
    }
    const auto literal = [&](const std::string& digits) { return db->is("postgresql") ? fmt::format("'\\x{}'", digits) : fmt::format("x'{}'", digits); };
    db->run(fmt::format("INSERT INTO t VALUES (1, {}), (2, {}), (3, NULL), (4, {})", literal(hex), literal(""), literal("00ff00")));
    const auto source = db->source();
    CHECK(read_chunks(*source, t, 10) == std::vector<Row>{{"1", bytes}, {"2", ""}, {"3", {}}, {"4", std::string("\0\xff\0", 3)}});
  }
}

TEST_CASE("an empty text is not NULL") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("t", fmt::format("id INTEGER PRIMARY KEY, v VARCHAR(10), w {}", text_type(*db)));
    db->run("INSERT INTO t VALUES (1, '', ''), (2, NULL, NULL), (3, 'x', 'y')");
    const auto source = db->source();
    CHECK(read_chunks(*source, t, 10) == std::vector<Row>{{"1", "", ""}, {"2", {}, {}}, {"3", "x", "y"}});
  }
}

TEST_CASE("text beyond ASCII arrives as UTF-8 whatever the server keeps it in") {
  const std::string text = "Società à €5 – Müller Ω 日本 🚚";
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("t", db->is("mariadb") ? "id INTEGER PRIMARY KEY, v VARCHAR(60) CHARACTER SET utf16, w VARCHAR(60) CHARACTER SET latin1"
                                      : "id INTEGER PRIMARY KEY, v VARCHAR(60), w VARCHAR(60)");
    // MariaDB's latin1 is CP1252: it has the euro sign.
    db->run(fmt::format("INSERT INTO t VALUES (1, '{}', 'Perché € no')", text));
    const auto source = db->source();
    CHECK(read_chunks(*source, t, 10) == std::vector<Row>{{"1", text, "Perché € no"}});
  }
}

TEST_CASE("a short column full of four-byte characters is not cut") {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "🚚";
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("t", "id INTEGER PRIMARY KEY, v VARCHAR(300)");
    for (int id = 1; id <= 30; ++id) db->run(fmt::format("INSERT INTO t VALUES ({}, '{}')", id, text));
    const auto source = db->source();
    // The second reading uses buffers that were widened by the first.
    for (int reading = 0; reading < 2; ++reading) {
      const auto rows = read_chunks(*source, t, 30);
      REQUIRE(rows.size() == 30);
      for (const Row& row : rows) CHECK(row[1] == text);
    }
  }
}

TEST_CASE("exact decimals keep all their digits and never pass through a float") {
  for (const auto& db : odbc_test::databases()) {
    if (db->is("sqlite")) continue;  // it has no decimals
    CAPTURE(db->kind());
    db->create("t", "id INTEGER PRIMARY KEY, d DECIMAL(38,10), e DECIMAL(38,0), f DECIMAL(9,2)");
    db->run("INSERT INTO t VALUES (1, 1234567890123456789012345678.0123456789, 99999999999999999999999999999999999999, 0.10),"
            " (2, -0.0000000001, -1, -12.50), (3, 0, 0, 0)");
    const auto source = db->source();
    CHECK(source->describe(t).layout.columns[1].type == ColumnType::decimal);
    CHECK(source->describe(t).layout.columns[1].scale == 10);
    CHECK(read_chunks(*source, t, 10) == std::vector<Row>{
        {"1", "1234567890123456789012345678.0123456789", "99999999999999999999999999999999999999", "0.10"},
        {"2", "-0.0000000001", "-1", "-12.50"},
        {"3", "0.0000000000", "0", "0.00"}});
  }
}

TEST_CASE("integers keep their 64 bits") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("t", "id INTEGER PRIMARY KEY, b BIGINT, s SMALLINT");
    db->run("INSERT INTO t VALUES (1, 9223372036854775807, -32768), (2, -9223372036854775807, 0), (3, NULL, NULL)");
    const auto source = db->source();
    CHECK(source->describe(t).layout.columns[1].type == ColumnType::integer);
    CHECK(read_chunks(*source, t, 10) == std::vector<Row>{{"1", "9223372036854775807", "-32768"}, {"2", "-9223372036854775807", "0"}, {"3", {}, {}}});
  }
}

TEST_CASE("floats read back as the same float") {
  const std::vector<std::string> values{"0.1", "0.30000000000000004", "1e+300", "-2.5", "123456789.12345679", "5e-324", "1.7976931348623157e+308"};
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("t", fmt::format("id INTEGER PRIMARY KEY, d {}", db->is("mariadb") ? "DOUBLE" : "DOUBLE PRECISION"));
    std::vector<Row> expected;
    for (const std::string& value : values) {
      const std::string id = std::to_string(expected.size() + 1);
      db->run(fmt::format("INSERT INTO t VALUES ({}, {})", id, value));
      expected.push_back({id, value});
    }
    const auto source = db->source();
    CHECK(source->describe(t).layout.columns[1].type == ColumnType::real);
    const auto rows = read_chunks(*source, t, 10);
    REQUIRE(rows.size() == expected.size());
    for (std::size_t i = 0; i < rows.size(); ++i) CHECK(std::stold(*rows[i][1]) == doctest::Approx(std::stold(*expected[i][1])).epsilon(1e-15));
    if (!db->is("sqlite")) CHECK(rows == expected);
  }
}

TEST_CASE("fractions of timestamps and times are kept, zeros at their end are not written") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    const std::string precision = db->is("sqlite") ? "" : "(6)";
    db->create("t", fmt::format("id INTEGER PRIMARY KEY, ts {}{}, d DATE, tm TIME{}", db->is("mariadb") ? "DATETIME" : "TIMESTAMP", precision, precision));
    db->run("INSERT INTO t VALUES (1, '2026-11-22 08:15:30.000001', '2026-02-28', '08:15:30.5'),"
            " (2, '2026-11-22 08:15:30', '1900-01-01', '23:59:59'), (3, NULL, NULL, NULL)");
    const auto source = db->source();
    CHECK(read_chunks(*source, t, 10) == std::vector<Row>{{"1", "2026-11-22 08:15:30.000001", "2026-02-28", "08:15:30.5"},
                                                          {"2", "2026-11-22 08:15:30", "1900-01-01", "23:59:59"},
                                                          {"3", {}, {}, {}}});
  }
}

TEST_CASE("booleans are integers") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("t", "id INTEGER PRIMARY KEY, b BOOLEAN");
    db->run("INSERT INTO t VALUES (1, TRUE), (2, FALSE), (3, NULL)");
    const auto source = db->source();
    CHECK(source->describe(t).layout.columns[1].type == ColumnType::integer);
    CHECK(read_chunks(*source, t, 10) == std::vector<Row>{{"1", "1"}, {"2", "0"}, {"3", {}}});
  }
}

TEST_CASE("blanks that pad a CHAR are no part of its value, unless the connection says so") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("t", "id INTEGER PRIMARY KEY, c CHAR(6), v VARCHAR(6)");
    db->run("INSERT INTO t VALUES (1, 'ab    ', 'cd  '), (2, '      ', '')");
    const auto reading = [&](engine::settings::CharPadding padding) {
      auto connection = db->connection();
      connection.char_padding = padding;
      const auto source = connectors::odbc::make_odbc_source(connection, db->dialect());
      return read_chunks(*source, t, 10);
    };
    using engine::settings::CharPadding;
    CHECK(reading(CharPadding::trim) == std::vector<Row>{{"1", "ab", "cd  "}, {"2", "", ""}});
    CHECK(reading(CharPadding::trim_all) == std::vector<Row>{{"1", "ab", "cd"}, {"2", "", ""}});
    // MariaDB itself takes the blanks of a CHAR off.
    if (!db->is("mariadb")) CHECK(reading(CharPadding::keep) == std::vector<Row>{{"1", "ab    ", "cd  "}, {"2", "      ", ""}});
  }
}
