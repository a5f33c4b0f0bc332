// Tables without a key: their rows come with a digest and a number, as the connectors give them.
#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/model/source/row_identity.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using test::CapturedTable;
using test::told;
using Lines = std::vector<std::string>;

namespace {

struct Loose : CapturedTable {
  Loose() : CapturedTable({.columns = {{.name = "a"},
                                       {.name = std::string(model::row_digest_column)},
                                       {.name = std::string(model::row_number_column), .type = model::ColumnType::integer}},
                           .key = {1, 2}}) {
    source.key_is_indexed = false;
    for (const std::string value : {"x", "x", "y", "z"}) add(value);
    cycle();
  }
  void add(const std::string& value) {
    int number = 1;
    for (const auto& row : source.rows) number += row[0] == value ? 1 : 0;
    source.put({value, "digest of " + value, std::to_string(number)});
  }
  Lines news() {
    const std::int64_t before = last_seq();
    cycle();
    return told(changes_after(before));
  }
};

}  // namespace

TEST_CASE("of a table without a key what went is told before what came, each copy by its number") {
  Loose loose;
  CHECK(loose.news().empty());
  loose.source.statements.clear();
  CHECK(loose.news().empty());
  CHECK(loose.source.statements.size() == 1);
  loose.source.erase({"digest of x", "2"});
  loose.source.erase({"digest of z", "1"});
  loose.add("z*");
  loose.add("y");
  CHECK(loose.news() == Lines{R"(delete ["digest of x",2])", R"(delete ["digest of z",1])", R"(insert ["digest of y",2])", R"(insert ["digest of z*",1])"});
  CHECK(loose.imaged() == loose.held());
  CHECK(loose.news().empty());
}

TEST_CASE("a reading of a table without a key that is cut short without an error fakes no delete") {
  Loose loose;
  std::size_t statements = 0;
  loose.source.cut_short = [&statements](std::size_t) { return statements++ == 0 ? std::optional<std::size_t>(2) : std::nullopt; };
  CHECK(loose.news().empty());
  CHECK(statements == 2);
}

TEST_CASE("a table without a key whose columns change stops, and goes on when they are back") {
  Loose loose;
  const auto original = loose.source.layout;
  loose.source.layout.columns[0].name = "b";
  CHECK_THROWS_WITH_AS(loose.cycle(), doctest::Contains("column b was added; column a is missing; it has no key"), Error);
  loose.source.layout = original;
  CHECK(loose.news().empty());
}

TEST_CASE("a killed cycle of a table without a key goes on, and tells each row once") {
  Loose loose;
  const auto before = loose.imaged();
  const std::int64_t seq = loose.last_seq();
  loose.source.erase({"digest of y", "1"});
  loose.add("w");
  std::size_t statements = 0;
  loose.source.fail_after = [&statements](std::size_t) { return ++statements == 3 ? std::optional<std::size_t>(1) : std::nullopt; };
  CHECK_THROWS_AS(loose.cycle(), Error);
  loose.source.fail_after = nullptr;
  loose.restart();
  loose.cycle();
  CHECK(loose.imaged() == loose.held());
  CHECK(loose.applied(before, loose.changes_after(seq)) == loose.held());
}
