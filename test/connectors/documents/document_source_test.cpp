#include "connectors/documents/document_source.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/model/row_json.h"
#include "test/connectors/documents/tables_in_memory.h"

using namespace engine::model;

namespace {

using Cells = test::TablesInMemory::Cells;

/// Orders with lines and their discounts: order 1 has two lines, the second with a discount; order 2 has none. A line belongs to no order.
struct Orders {
  Orders() {
    auto made = std::make_unique<test::TablesInMemory>();
    tables = made.get();
    tables->tables["orders"].columns = {{.name = "num", .type = ColumnType::integer}, {.name = "total", .type = ColumnType::decimal}};
    tables->tables["lines"].columns = {{.name = "num", .type = ColumnType::integer},
                                       {.name = "pos", .type = ColumnType::integer},
                                       {.name = "net", .type = ColumnType::decimal},
                                       {.name = "ts", .type = ColumnType::timestamp}};
    tables->tables["discounts"].columns = {
        {.name = "num", .type = ColumnType::integer}, {.name = "pos", .type = ColumnType::integer}, {.name = "step", .type = ColumnType::integer}};
    tables->put("orders", {"1", "7.50"});
    tables->put("orders", {"2", "0.00"});
    tables->put("lines", {"1", "2", "2.50", "2026-01-02 10:00:00"});
    tables->put("lines", {"1", "1", "5.00", "2026-01-01 10:00:00"});
    tables->put("lines", {"9", "1", "1.00", "2026-01-09 10:00:00"});
    tables->put("lines", {std::nullopt, "1", "1.00", std::nullopt});
    tables->put("discounts", {"1", "2", "1"});
    tables->put("discounts", {"1", "8", "1"});
    source = connectors::documents::with_documents(std::move(made));
    request = {.from = "orders", .key = {"num"}};
    request.nested.push_back({.name = "lines", .from = "lines", .key = {"num", "pos"}, .parent = {"num"}, .growing = {"ts"}});
    request.nested.push_back({.name = "discounts", .of = "lines", .from = "discounts", .key = {"num", "pos", "step"}, .parent = {"num", "pos"}});
    shape = source->describe(request);
  }

  std::string read(std::unique_ptr<RowStream> stream) const {
    std::string text;
    RowBatch batch;
    while (stream->next(batch)) {
      for (std::size_t row = 0; row < batch.rows(); ++row)
        text += source_key_json(batch.source_key(row)) + " " + row_json(shape.layout, batch.row(row)) + "\n";
    }
    return text;
  }
  std::string all() const { return read(source->open_range(request, shape, {}, 100)); }

  /// One more line, and the header's new total.
  void change(const std::string& total) {
    tables->tables["orders"].rows[0][1] = total;
    tables->tables["lines"].rows[0][2] = total;
  }

  test::TablesInMemory* tables = nullptr;
  std::unique_ptr<Source> source;
  TableRequest request;
  TableShape shape;
};

const std::string first =
    R"(["1"] {"num":1,"total":"7.50","lines":[{"num":1,"pos":1,"net":"5.00","ts":"2026-01-01 10:00:00","discounts":[]},)"
    R"({"num":1,"pos":2,"net":"2.50","ts":"2026-01-02 10:00:00","discounts":[{"num":1,"pos":2,"step":1}]}],"lines.ts":"2026-01-02 10:00:00"})"
    "\n";
const std::string second = R"(["2"] {"num":2,"total":"0.00","lines":[],"lines.ts":null})"
                           "\n";

std::string refusal(const Orders& orders) {
  try {
    orders.source->describe(orders.request);
  } catch (const engine::Error& error) {
    return std::string(name_of(error.code())) + ": " + error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a document holds the rows that belong to it, level below level in the order of their keys, in every kind of read") {
  Orders orders;
  CHECK(orders.all() == first + second);
  CHECK(orders.read(orders.source->open_whole(orders.request, orders.shape)) == first + second);
  CHECK(orders.read(orders.source->open_range(orders.request, orders.shape, {.after = SourceKey{{"1"}}}, 9)) == second);
  const std::vector<SourceKey> keys{{{"1"}}, {{"7"}}};
  CHECK(orders.read(orders.source->open_keys(orders.request, orders.shape, keys)) == first);
  orders.tables->keys_max_ = 1;
  CHECK(orders.all() == first + second);
  CHECK(orders.tables->views_open == 0);
}

TEST_CASE("a document that changes between its tables is read as it stood when its first table was read, where the source has views") {
  Orders orders;
  orders.tables->before_statement = [&](std::size_t statement) {
    if (statement == 1) orders.change("99.00");
  };
  CHECK(orders.all() == first + second);
  CHECK(orders.all().find("\"99.00\",\"lines\"") != std::string::npos);
}

TEST_CASE("without views a document is read until two readings agree: never with half of a change") {
  Orders orders;
  orders.tables->has_views = false;
  CHECK(orders.all() == first + second);
  for (std::size_t changes_at = 1; changes_at < 6; ++changes_at) {
    Orders changing;
    changing.tables->has_views = false;
    changing.tables->before_statement = [&](std::size_t statement) {
      if (statement == changes_at) changing.change("99.00");
    };
    const std::string read = changing.all();
    const bool has_new_total = read.find(R"("total":"99.00")") != std::string::npos;
    const bool has_new_line = read.find(R"("net":"99.00")") != std::string::npos;
    CHECK_MESSAGE(has_new_total == has_new_line, read);
  }
}

TEST_CASE("a document that changes with every reading is left to a later cycle, and one that goes meanwhile is missing") {
  Orders orders;
  orders.tables->has_views = false;
  orders.tables->before_statement = [&](std::size_t statement) { orders.change(std::to_string(statement) + ".00"); };
  CHECK_THROWS_WITH(orders.all(), "a document keeps changing while it is read: [\"1\"]");
  orders.tables->statements = 0;
  orders.tables->before_statement = [&](std::size_t statement) {
    if (statement == 2) orders.tables->tables["orders"].rows.erase(orders.tables->tables["orders"].rows.begin());
  };
  CHECK(orders.all() == second);
}

TEST_CASE("a view that is open already serves the document, too") {
  Orders orders;
  REQUIRE(orders.source->open_view());
  orders.change("99.00");
  CHECK(orders.all() == first + second);
  CHECK(orders.tables->views_open == 1);
  orders.source->close_view();
  CHECK(orders.tables->views_open == 0);
}

TEST_CASE("rows that do not hold the root's key are read by the rows that they belong to") {
  Orders orders;
  orders.tables->tables["discounts"].columns = {{.name = "id", .type = ColumnType::integer}, {.name = "line", .type = ColumnType::integer}};
  orders.tables->tables["discounts"].rows = {{"7", "2"}, {"6", "2"}, {"8", "4"}};
  orders.request.nested[0].key = {"pos"};
  orders.request.nested[1].key = {"id"};
  orders.request.nested[1].parent = {"line"};
  orders.shape = orders.source->describe(orders.request);
  CHECK(orders.all().find(R"("discounts":[{"id":6,"line":2},{"id":7,"line":2}]}],)") != std::string::npos);
  const std::vector<KeyRange> ranges{{}};
  CHECK_FALSE(orders.source->checksums(orders.request, orders.shape, ranges).has_value());
}

TEST_CASE("a checksum covers the rows of every table in its range, and a proof every table") {
  Orders orders;
  const std::vector<KeyRange> ranges{{std::nullopt, SourceKey{{"1"}}}, {SourceKey{{"1"}}, std::nullopt}};
  const auto sums = orders.source->checksums(orders.request, orders.shape, ranges);
  REQUIRE(sums);
  // The line without a number comes first in that source's order.
  CHECK(*sums == std::vector<std::string>{"orders1\nlines3\ndiscounts2", "orders1\nlines1\ndiscounts0"});
  orders.tables->proofs = {{"orders", {"a", "b"}}, {"lines", {"c", "d"}}, {"discounts", {"e", "f"}}};
  CHECK(orders.source->probe(orders.request) == std::vector<std::string>{"a\nc\ne", "b\nd\nf"});
  orders.tables->proofs["discounts"] = {"e"};
  CHECK(orders.source->probe(orders.request).empty());
}

TEST_CASE("a document is found by any of its lines that has grown, once, and tells the highest value") {
  Orders orders;
  const std::size_t column = orders.shape.layout.find("lines.ts").value();
  GrowthRange range{.within = {.column = column, .from = "2026-01-01 00:00:00"}};
  CHECK(orders.read(orders.source->open_growth(orders.request, orders.shape, range, 1)) == first);
  range.within.from = "2026-01-03 00:00:00";
  CHECK(orders.read(orders.source->open_growth(orders.request, orders.shape, range, 10)).empty());
  range.behind = GrowthRange::Place{"2026-01-01 00:00:00", {{"1"}}};
  CHECK(orders.read(orders.source->open_growth(orders.request, orders.shape, range, 10)).empty());
  CHECK(orders.read(orders.source->open_growth(orders.request, orders.shape, {.within = {.column = 1, .from = "0.00"}}, 1)) == second + first);
}

TEST_CASE("the logs of all tables are one log of documents: each logs the root's key, and is emptied of what was handled") {
  Orders orders;
  CHECK(orders.source->change_log(orders.request, orders.shape, {"change_log", "orders"}) == nullptr);
  for (const char* name : {"orders", "orders.lines", "orders.discounts"}) orders.tables->logs[name];
  const auto log = orders.source->change_log(orders.request, orders.shape, {"change_log", "orders"});
  CHECK(orders.tables->logged_by == std::map<std::string, std::vector<std::size_t>>{{"orders", {0}}, {"orders.lines", {0}}, {"orders.discounts", {0}}});
  CHECK_FALSE(log->has_entries());
  orders.tables->logs["orders.lines"].add({"1"});
  orders.tables->logs["orders.discounts"].add({"2"}, {.transaction = "77"});
  CHECK(log->has_entries());
  CHECK(log->backlog().entries == 2);
  std::vector<LoggedChange> page;
  std::vector<std::string> keys;
  for (int reading = 0; reading < 2; ++reading) {
    for (log->rewind(); log->next_page(page);) {
      for (const LoggedChange& entry : page) keys.push_back(entry.cells.at(0) + entry.provenance.transaction.value_or(""));
    }
  }
  CHECK(keys == std::vector<std::string>{"1", "277", "1", "277"});
  orders.tables->logs["orders"].add({"3"});
  log->forget();
  CHECK(log->backlog().entries == 1);
  orders.tables->logs["orders.discounts"].has_triggers = false;
  CHECK_THROWS_AS(log->require_installed(), engine::Error);
}

TEST_CASE("tables that do not fit together are refused, naming table and column") {
  Orders orders;
  orders.request.nested[0].name = "total";
  orders.request.nested[1].of = "total";
  CHECK(refusal(orders) == "source.refused: the table has a column 'total' itself");
  Orders typed;
  typed.tables->tables["lines"].columns[0].type = ColumnType::text;
  CHECK(refusal(typed) == "source.refused: column num of 'lines' (lines) is text () and cannot be compared with num, which is integer ()");
  Orders unknown;
  unknown.request.nested[0].key = {"num", "position"};
  CHECK(refusal(unknown) == "source.refused: 'lines' (lines) has no column position, which `key:` names");
}

TEST_CASE("two lines with one key, and a line that spells the key of its document otherwise, are never lost silently") {
  Orders orders;
  orders.tables->put("lines", {"1", "2", "1.00", std::nullopt});
  CHECK_THROWS_WITH(orders.all(), "the key of 'lines' is not unique: two rows of one document have [1,2]");
  Orders spelled;
  for (const char* table : {"orders", "lines", "discounts"}) spelled.tables->tables[table].columns[0].type = ColumnType::text;
  spelled.tables->tables["orders"].rows = {{"a1", "1.00"}};
  spelled.tables->tables["lines"].rows = {{"A1", "1", "1.00", std::nullopt}};
  spelled.shape = spelled.source->describe(spelled.request);
  CHECK_THROWS_WITH(spelled.all(), doctest::Contains("spells otherwise"));
}
