#include "connectors/catalog/constant_columns.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/model/key.h"
#include "test/support/fake_source.h"

using namespace engine::model;

namespace {

struct Company {
  Company() : request{.from = "customers", .key = {"code"}, .constants = {{"company", "A01"}}} {
    auto fake = std::make_unique<test::FakeSource>(
        Layout{.columns = {{.name = "name"}, {.name = "code", .type = ColumnType::integer}}, .key = {1}});
    rows = fake.get();
    rows->put({"Rossi", "1"});
    rows->put({std::nullopt, "2"});
    rows->put({"Verdi", "3"});
    source = connectors::catalog::with_constant_columns(std::move(fake));
  }

  /// "key=row" of all that a statement gives.
  std::string read(std::unique_ptr<RowStream> stream, const Layout& layout) const {
    std::string text;
    RowBatch batch;
    while (stream->next(batch)) {
      for (std::size_t i = 0; i < batch.rows(); ++i) {
        const RowView row = batch.row(i);
        text += source_key_json(batch.source_key(i)) + "=" + std::string(row.text(0)) + "," +
                (row.is_null(1) ? "null" : std::string(row.text(1))) + " " + key_json(layout, row) + "\n";
      }
    }
    return text;
  }

  TableRequest request;
  test::FakeSource* rows = nullptr;
  std::unique_ptr<Source> source;
};

}  // namespace

TEST_CASE("a constant column leads the rows and the key, in every kind of read") {
  Company company;
  const TableShape shape = company.source->describe(company.request);
  REQUIRE(shape.layout.columns.size() == 3);
  CHECK(shape.layout.columns[0].name == "company");
  CHECK(shape.layout.key == std::vector<std::size_t>{0, 2});
  CHECK(shape.key_is_indexed);
  const std::string first = "[\"A01\",\"1\"]=A01,Rossi [\"A01\",1]\n";
  const std::string others = "[\"A01\",\"2\"]=A01,null [\"A01\",2]\n[\"A01\",\"3\"]=A01,Verdi [\"A01\",3]\n";
  auto& source = *company.source;
  CHECK(company.read(source.open_whole(company.request, shape), shape.layout) == first + others);
  CHECK(company.read(source.open_range(company.request, shape, {}, 1), shape.layout) == first);
  CHECK(company.read(source.open_range(company.request, shape, {.after = SourceKey{{"A01", "1"}}}, 9), shape.layout) == others);
  const std::vector<SourceKey> keys{{{"A01", "1"}}};
  CHECK(company.read(source.open_keys(company.request, shape, keys), shape.layout) == first);
}

TEST_CASE("columns that grow are found behind the constant ones, which never grow") {
  Company company;
  const TableShape shape = company.source->describe(company.request);
  auto& source = *company.source;
  CHECK(source.highest(company.request, shape, 2, std::nullopt) == "3");
  CHECK(source.highest(company.request, shape, 2, "2") == "2");
  const std::string second = "[\"A01\",\"2\"]=A01,null [\"A01\",2]\n";
  const std::string third = "[\"A01\",\"3\"]=A01,Verdi [\"A01\",3]\n";
  GrowthRange range{{2, "2"}, {}, std::nullopt};
  CHECK(company.read(source.open_growth(company.request, shape, range, 9), shape.layout) == second + third);
  range.behind = {"2", {{"A01", "2"}}};
  CHECK(company.read(source.open_growth(company.request, shape, range, 9), shape.layout) == third);
  range = {{2, "2"}, {{1, std::nullopt}}, std::nullopt};
  CHECK(company.read(source.open_growth(company.request, shape, range, 9), shape.layout) == second);
  CHECK_THROWS_AS(source.highest(company.request, shape, 0, std::nullopt), engine::Error);
}

TEST_CASE("a table without constants passes as it is, and one that has the column itself is refused") {
  Company company;
  company.request.constants.clear();
  CHECK(company.source->describe(company.request).layout == company.rows->layout);
  company.request.constants = {{"NAME", "x"}};
  CHECK_THROWS_AS(company.source->describe(company.request), engine::Error);
}
