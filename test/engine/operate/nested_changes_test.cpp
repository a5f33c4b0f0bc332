#include "engine/operate/story/nested_changes.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>

using engine::model::Column;

namespace {

std::string changes(const char* before, const char* after) {
  const Column discounts{.name = "discounts", .columns = {{.name = "step"}, {.name = "amount"}}, .key = {0}};
  const Column lines{.name = "lines", .columns = {{.name = "num"}, {.name = "pos"}, {.name = "qty"}, discounts}, .key = {0, 1}};
  std::vector<engine::operate::ColumnChange> found;
  engine::operate::append_nested_changes(lines, boost::json::parse(before), boost::json::parse(after), found);
  std::string text;
  for (const auto& one : found) text += one.column + ": " + one.before + " > " + one.after + "\n";
  return text;
}

}  // namespace

TEST_CASE("of rows on both sides the columns that differ are named, level below level, of others the row") {
  CHECK(changes(R"([{"num":1,"pos":1,"qty":"1.0","discounts":[{"step":1,"amount":5}]},{"num":1,"pos":2,"qty":"7"}])",
                R"([{"num":1,"pos":3,"qty":"9"},{"num":1,"pos":1,"qty":"2.0","discounts":[{"step":1,"amount":6},{"step":2,"amount":1}]}])") ==
        R"(lines[1,3]:  > {"num":1,"pos":3,"qty":"9"}
lines[1,1].qty: "1.0" > "2.0"
lines[1,1].discounts[1].amount: 5 > 6
lines[1,1].discounts[2]:  > {"step":2,"amount":1}
lines[1,2]: {"num":1,"pos":2,"qty":"7"} > 
)");
}

TEST_CASE("a side without rows is none, and equal sides differ in nothing") {
  CHECK(changes("null", R"([{"num":1,"pos":1}])") == "lines[1,1]:  > {\"num\":1,\"pos\":1}\n");
  CHECK(changes(R"([{"num":1,"pos":1,"qty":null}])", R"([{"num":1,"pos":1}])").empty());
}
