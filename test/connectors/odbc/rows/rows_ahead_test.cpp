// Real drivers read ahead: rows, their keys and errors come in their places, and the connection serves whatever is asked next.
#include <chrono>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "connectors/catalog/bounded_source.h"
#include "connectors/odbc/odbc_source.h"
#include "engine/base/error.h"
#include "test/connectors/odbc/database.h"

using engine::Error;
using engine::ErrorCode;
using engine::model::RowBatch;
using engine::model::TableRequest;
using odbc_test::Database;

namespace {

const TableRequest r{"r", "", {"k"}, {}};

void fill(Database& db, int rows, const std::string& columns = "k INTEGER PRIMARY KEY, v INTEGER") {
  db.create("r", columns);
  for (int first = 1; first <= rows; first += 500) {
    std::string values;
    for (int k = first; k < first + 500; ++k) values += fmt::format("{}({}, {})", k == first ? "" : ",", k, k % 7);
    db.run("INSERT INTO r VALUES " + values);
  }
}

/// Reads the next batch and finds key `expected` in its first row, by row and by key; how many rows it has.
int next_batch(engine::model::RowStream& stream, RowBatch& batch, int expected) {
  if (!stream.next(batch)) return 0;
  const int count = static_cast<int>(batch.rows());
  for (const int row : {0, count - 1}) {
    const auto index = static_cast<std::size_t>(row);
    CHECK(batch.row(index).text(0) == std::to_string(expected + row));
    CHECK(batch.source_key(index).parts.at(0) == std::to_string(expected + row));
  }
  return count;
}

/// Rows of which the 2,001st is looked for without an end.
const TableRequest endless{"", "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n) SELECT k FROM n WHERE k <= 2000 OR k < 0", {"k"}, {}};

std::unique_ptr<engine::model::Source> reading_ahead(const Database& db, std::int64_t query_timeout_ms = 300'000) {
  auto connection = db.connection();
  connection.query_timeout_ms = query_timeout_ms;
  return connectors::catalog::bounded(connection, [connection, dialect = db.dialect()](std::shared_ptr<engine::SignOfLife> sign) {
    return connectors::odbc::make_odbc_source(connection, dialect, std::move(sign));
  });
}

engine::model::TableShape shape_of_k() {
  engine::model::TableShape shape;
  shape.layout.columns = {{"k", engine::model::ColumnType::integer, 10, 0, false, "integer"}};
  shape.layout.key = {0};
  return shape;
}

}  // namespace

TEST_CASE("rows and their keys belong together in every batch of a long read") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    fill(*db, 6500);
    const auto source = reading_ahead(*db);
    const auto shape = source->describe(r);
    const auto stream = source->open_range(r, shape, {}, 6300);
    RowBatch batch;
    int rows = 0;
    while (const int more = next_batch(*stream, batch, rows + 1)) rows += more;
    CHECK(rows == 6300);
    CHECK_FALSE(stream->next(batch));
  }
}

TEST_CASE("chunks follow one another in one stream, and one that is left in the middle leaves a connection that works") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    fill(*db, 6500);
    const auto source = reading_ahead(*db);
    const auto shape = source->describe(r);
    std::optional<engine::model::SourceKey> last;
    int rows = 0;
    {
      const auto chunks = source->open_chunks(r, shape, {}, 2500);
      RowBatch batch;
      for (const int end : {2500, 5000}) {
        while (const int more = next_batch(*chunks, batch, rows + 1)) rows += more;
        CHECK(rows == end);
      }
      rows += next_batch(*chunks, batch, rows + 1);
      last = batch.source_key(batch.rows() - 1);
    }
    CHECK(odbc_test::rows_of(*source->open_keys(r, shape, std::vector{*last})).size() == 1);
    const auto rest = source->open_chunks(r, shape, {.after = last}, 2500);
    RowBatch batch;
    while (const int more = next_batch(*rest, batch, rows + 1)) rows += more;
    CHECK(rows == 6500);
    CHECK_FALSE(rest->next(batch));
  }
}

TEST_CASE("two reads of one source in turns both give all their rows") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    fill(*db, 6500);
    const auto source = reading_ahead(*db);
    const auto shape = source->describe(r);
    const auto one = source->open_range(r, shape, {}, 6500);
    RowBatch batch;
    int of_one = next_batch(*one, batch, 1);
    const auto other = source->open_range(r, shape, {.after = engine::model::SourceKey{{"1000"}}}, 5000);
    int of_other = 0;
    for (bool more = true; more;) {
      const int ones = next_batch(*one, batch, of_one + 1);
      const int others = next_batch(*other, batch, 1001 + of_other);
      of_one += ones;
      of_other += others;
      more = ones + others != 0;
    }
    CHECK(of_one == 6500);
    CHECK(of_other == 5000);
  }
}

TEST_CASE("a read that is left in the middle leaves a source that works") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    fill(*db, 6500);
    const auto source = reading_ahead(*db);
    const auto shape = source->describe(r);
    RowBatch batch;
    for (int i = 0; i < 10; ++i) REQUIRE(source->open_range(r, shape, {}, 6000)->next(batch));
    for (int i = 0; i < 3; ++i) REQUIRE(source->open_whole(r, shape)->next(batch));
    CHECK(odbc_test::read_chunks(*source, r, 3000).size() == 6500);
    source->close();
    CHECK(odbc_test::read_whole(*source, r).size() == 6500);
  }
}

TEST_CASE("a value that is none is refused behind the rows before its batch") {
  Database* db = odbc_test::database("sqlite");
  fill(*db, 4000);
  db->run("UPDATE r SET v = 'seven' WHERE k = 2500");
  const auto source = reading_ahead(*db);
  const auto shape = source->describe(r);
  const auto stream = source->open_range(r, shape, {}, 4000);
  RowBatch batch;
  CHECK(next_batch(*stream, batch, 1) == 1000);
  CHECK(next_batch(*stream, batch, 1001) == 1000);
  try {
    stream->next(batch);
    FAIL("the value was taken");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::source_bad_data);
    CHECK(std::string(error.what()).find("2500") != std::string::npos);
  }
}

TEST_CASE("text that is not UTF-8 is refused, naming its row, and never changed into other characters") {
  Database* db = odbc_test::database("sqlite");
  db->create("r", "k INTEGER PRIMARY KEY, v VARCHAR(20)");
  db->run("INSERT INTO r VALUES (1, 'caffè'), (2, CAST(X'636166666C' AS TEXT)), (3, CAST(X'C8636166' AS TEXT))");
  const auto source = db->source();
  const auto stream = source->open_range(r, source->describe(r), {}, 10);
  RowBatch batch;
  try {
    while (stream->next(batch)) continue;
    FAIL("the text was taken");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::source_bad_data);
    CHECK(std::string(error.what()).find("UTF-8 in the row with key 3") != std::string::npos);
  }
}

TEST_CASE("a read that hangs in a later batch is cancelled") {
  const Database* db = odbc_test::database("sqlite");
  const auto source = reading_ahead(*db, 400);
  const auto stream = source->open_whole(endless, shape_of_k());
  RowBatch batch;
  CHECK(next_batch(*stream, batch, 1) == 1000);
  CHECK(next_batch(*stream, batch, 1001) == 1000);
  try {
    stream->next(batch);
    FAIL("the read came to an end");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::source_busy);
  }
}

TEST_CASE("who leaves a read that hangs waits no longer than the time-out") {
  const Database* db = odbc_test::database("sqlite");
  const auto source = reading_ahead(*db, 400);
  const auto start = std::chrono::steady_clock::now();
  {
    const auto stream = source->open_whole(endless, shape_of_k());
    RowBatch batch;
    REQUIRE(stream->next(batch));
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(4));
  CHECK(odbc_test::rows_of(*source->open_whole({"", "SELECT 1 AS k", {"k"}, {}}, shape_of_k())).size() == 1);
}
