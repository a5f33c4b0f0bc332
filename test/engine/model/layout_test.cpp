#include "engine/model/layout.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/model/change.h"
#include "engine/model/target.h"

using namespace engine::model;

namespace {
Layout sample() {
  Layout layout;
  layout.columns = {{"CODCLI", ColumnType::text, 10, 0, false, "CHAR"}, {"codcli", ColumnType::integer, 0, 0, true, "int"},
                    {"Fido", ColumnType::decimal, 12, 2, true, "DECIMAL"}};
  layout.key = {2, 0};
  return layout;
}
}  // namespace

TEST_CASE("a layout survives its JSON form") { CHECK(layout_from_json(layout_json(sample())) == sample()); }

TEST_CASE("a column is found by its exact name before any other spelling") {
  CHECK(sample().find("codcli") == 1);
  CHECK(sample().find("CODCLI") == 0);
  CHECK(sample().find("FIDO") == 2);
  CHECK_FALSE(sample().find("fid").has_value());
}

TEST_CASE("a damaged layout in the journal is an error, not a guess") {
  for (const char* text : {"", "{}", "[1]", R"({"columns":[{"name":"a"}],"key":[0]})", R"({"columns":[],"key":[0]})",
                           R"({"columns":[{"name":"a","type":"colour","size":0,"scale":0,"nullable":true,"source_type":""}],"key":[]})"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(layout_from_json(text), engine::Error);
  }
}

TEST_CASE("names of types, operations and calls read back") {
  for (const auto type : {ColumnType::integer, ColumnType::binary, ColumnType::timestamp}) CHECK(column_type_of(name_of(type)) == type);
  CHECK_FALSE(column_type_of("varchar").has_value());
  for (const auto operation : {Operation::insert, Operation::update, Operation::delete_, Operation::snapshot}) {
    CHECK(operation_of(name_of(operation)) == operation);
  }
  CHECK(name_of(Operation::delete_) == "delete");
  CHECK_THROWS_AS(operation_of("merge"), engine::Error);
  CHECK(call_kind_of("read_back") == CallKind::read_back);
  CHECK(call_kind_of("delete") == CallKind::delete_);
  CHECK_FALSE(call_kind_of("patch").has_value());
  CHECK(name_of(DeliveryOutcome(RetryLater{})) == "retry_later");
  CHECK(name_of(DeliveryOutcome(Uncertain{})) == "uncertain");
}

TEST_CASE("a layout with nested tables survives its JSON, keys of every level included") {
  Layout layout = sample();
  Column discounts{.name = "discounts", .columns = {{.name = "step", .type = ColumnType::integer}}, .key = {0}};
  layout.columns.push_back({.name = "lines", .columns = {{.name = "pos"}, {.name = "net", .type = ColumnType::decimal}, discounts}, .key = {1, 0}});
  CHECK(layout_from_json(layout_json(layout)) == layout);
  CHECK(rows_of(layout.columns.back()).key == std::vector<std::size_t>{1, 0});
  CHECK_FALSE(layout.columns.front().is_table());
  Layout other = layout;
  other.columns.back().columns[2].columns[0].type = ColumnType::text;
  CHECK(other != layout);
}
