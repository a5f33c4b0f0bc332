#include "connectors/catalog/keyless_rows.h"

#include <doctest/doctest.h>

#include <set>

#include "engine/base/error.h"
#include "engine/model/source/row_identity.h"
#include "test/support/fake_source.h"

using namespace engine::model;

namespace {

struct Loose {
  Loose() : request{.from = "loose", .key = row_identity()} {
    auto fake = std::make_unique<test::FakeSource>(Layout{.columns = {{.name = "b"}, {.name = "a"}}, .key = {}});
    rows = fake.get();
    source = connectors::catalog::with_keyless_rows(std::move(fake));
    shape = source->describe(request);
  }

  /// "b,a number" of all that a statement gives.
  std::multiset<std::string> read(std::unique_ptr<RowStream> stream) {
    std::multiset<std::string> all;
    RowBatch batch;
    while (stream->next(batch)) {
      for (std::size_t i = 0; i < batch.rows(); ++i) {
        const RowView row = batch.row(i);
        all.insert(std::string(row.text(0)) + "," + (row.is_null(1) ? "null" : std::string(row.text(1))) + " " + std::string(row.text(3)));
        CHECK(batch.source_key(i).parts == std::vector<std::string>{std::string(row.text(2)), std::string(row.text(3))});
        keys.push_back(batch.source_key(i));
      }
    }
    return all;
  }

  TableRequest request;
  test::FakeSource* rows = nullptr;
  std::unique_ptr<Source> source;
  TableShape shape;
  std::vector<SourceKey> keys;
};

using Rows = std::multiset<std::string>;

}  // namespace

TEST_CASE("rows without a key get a digest of all they hold and a number among equal ones") {
  Loose loose;
  CHECK(is_row_identity(loose.shape.layout));
  CHECK_FALSE(loose.shape.key_is_indexed);
  loose.rows->rows = {{"x", "y"}, {"x", std::nullopt}, {"x", "y"}, {"y", "x"}, {"x", ""}, {"x", "y"}};
  CHECK(loose.read(loose.source->open_whole(loose.request, loose.shape)) == Rows{"x,y 1", "x,y 2", "x,y 3", "x,null 1", "y,x 1", "x, 1"});
  const std::set<std::vector<std::string>> different = [&] {
    std::set<std::vector<std::string>> parts;
    for (const SourceKey& key : loose.keys) parts.insert(key.parts);
    return parts;
  }();
  CHECK(different.size() == 6);
}

TEST_CASE("a row without a key is found by its digest and number among all") {
  Loose loose;
  loose.rows->rows = {{"x", "y"}, {"x", "y"}, {"z", "y"}};
  loose.read(loose.source->open_whole(loose.request, loose.shape));
  const std::vector<SourceKey> wanted{loose.keys[1], {{std::string(32, '0'), "1"}}};
  CHECK(loose.read(loose.source->open_keys(loose.request, loose.shape, wanted)) == Rows{"x,y 2"});
}

TEST_CASE("columns in another order leave the digest as it is") {
  Loose loose;
  loose.rows->rows = {{"x", "y"}};
  loose.read(loose.source->open_whole(loose.request, loose.shape));
  loose.rows->layout.columns = {{.name = "a"}, {.name = "b"}};
  loose.rows->rows = {{"y", "x"}};
  loose.shape = loose.source->describe(loose.request);
  loose.read(loose.source->open_whole(loose.request, loose.shape));
  CHECK(loose.keys[0] == loose.keys[1]);
}

TEST_CASE("many equal rows are counted one by one") {
  Loose loose;
  for (int i = 0; i < 5'000; ++i) loose.rows->rows.push_back({"x", std::to_string(i % 2'500)});
  const Rows rows = loose.read(loose.source->open_whole(loose.request, loose.shape));
  CHECK(std::set<std::string>(rows.begin(), rows.end()).size() == 5'000);
}

TEST_CASE("a table that has such a column itself is refused by name, and other tables go by") {
  Loose loose;
  loose.rows->layout.columns[0].name = "ROW_NUMBER";
  CHECK_THROWS_WITH_AS(loose.source->describe(loose.request), doctest::Contains("row_number"), engine::Error);
  loose.request.key = {"a"};
  loose.rows->layout.key = {1};
  CHECK(loose.source->describe(loose.request).layout == loose.rows->layout);
}
