#include "engine/model/fields.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <boost/json.hpp>
#include <limits>

using namespace engine::model;

namespace {

FieldScalar random_scalar() {
  switch (*rc::gen::inRange(0, 6)) {
    case 0: return std::monostate{};
    case 1: return *rc::gen::arbitrary<std::int64_t>();
    case 2: return *rc::gen::arbitrary<double>();
    case 3: return NumberText{std::to_string(*rc::gen::arbitrary<int>()) + "." + std::to_string(*rc::gen::inRange(0, 1000)) + "0"};
    case 4: return *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
    default: return *rc::gen::arbitrary<bool>();
  }
}

FieldMap random_fields() {
  FieldMap fields;
  for (int left = *rc::gen::inRange(0, 6); left > 0; --left) {
    const std::string name = *rc::gen::element<std::string>("a", "b.c", "b.d", "b.e.f", "b-x", "z\"");
    if (*rc::gen::inRange(0, 4) == 0) {
      fields[name] = std::vector<FieldScalar>{random_scalar(), random_scalar()};
    } else {
      fields[name] = random_scalar();
    }
  }
  return fields;
}

}  // namespace

TEST_CASE("fields survive their JSON form, and any JSON parser takes both forms") {
  CHECK(rc::check([] {
    const FieldMap fields = random_fields();
    const std::string json = fields_json(fields);
    const FieldMap again = fields_from_json(json);
    RC_ASSERT(fields_json(again) == json);
    RC_ASSERT(differing_fields(fields, again).empty());
    RC_ASSERT(differing_fields(again, fields).empty());
    boost::system::error_code error;
    boost::json::parse(json, error);
    RC_ASSERT_FALSE(error.failed());
    boost::json::parse(nested_json(fields), error);
    RC_ASSERT_FALSE(error.failed());
  }));
}

TEST_CASE("numbers keep their digits and text keeps its quotes") {
  const FieldMap fields{{"credit", FieldScalar(NumberText{"1000.00"})}, {"count", FieldScalar(std::int64_t{7})},
                        {"share", FieldScalar(1.0)}, {"name", FieldScalar(std::string("7"))}, {"active", FieldScalar(true)},
                        {"none", FieldScalar{}}};
  CHECK(fields_json(fields) == R"({"active":true,"count":7,"credit":1000.00,"name":"7","none":null,"share":1.0})");
  CHECK(fields_from_json(fields_json(fields)) == fields);
}

TEST_CASE("digits that are no JSON number go out as text rather than break the request") {
  CHECK(fields_json({{"n", FieldScalar(NumberText{"12,5"})}}) == R"({"n":"12,5"})");
  CHECK(fields_json({{"n", FieldScalar(std::numeric_limits<double>::infinity())}}) == R"({"n":"inf"})");
}

TEST_CASE("dotted names nest, and names that only look alike stay apart") {
  const FieldMap fields{{"a.b.c", FieldScalar(std::int64_t{1})}, {"a.b-c", FieldScalar(std::int64_t{2})}, {"a.bc", FieldScalar(std::int64_t{3})},
                        {"ab", FieldScalar(std::int64_t{4})}, {"a.b.d", std::vector<FieldScalar>{std::string("x"), std::monostate{}}}};
  CHECK(boost::json::parse(nested_json(fields)) ==
        boost::json::parse(R"({"a":{"b":{"c":1,"d":["x",null]},"b-c":2,"bc":3},"ab":4})"));
  CHECK(nested_json({}) == "{}");
  // Annotations of OData are names as a whole.
  CHECK(nested_json({{"a.owner@odata.bind", FieldScalar(std::string("/x(1)"))}, {"b@odata.type", FieldScalar(true)}}) ==
        R"json({"a":{"owner@odata.bind":"/x(1)"},"b@odata.type":true})json");
}

TEST_CASE("what differs is what changed, what is new, and null for what is gone") {
  const FieldMap before{{"a", FieldScalar(std::int64_t{1})}, {"b", FieldScalar(std::string("x"))}, {"c", FieldScalar(std::string("y"))}};
  const FieldMap now{{"a", FieldScalar(std::int64_t{1})}, {"b", FieldScalar(std::string("z"))}, {"d", FieldScalar(true)}};
  CHECK(differing_fields(now, before) ==
        FieldMap{{"b", FieldScalar(std::string("z"))}, {"c", FieldScalar{}}, {"d", FieldScalar(true)}});
  CHECK(differing_fields(now, now).empty());
}

TEST_CASE("lists and objects of `types: json` are kept as they are, and compared as text") {
  const std::string lines = R"([{"sku":"A1","qty":2.000},{"sku":"[B]","more":[]}])";
  const FieldMap fields{{"lines", FieldScalar(JsonText{lines})}, {"o", FieldScalar(JsonText{R"({"a":{"b":null}})"})}, {"plain", std::vector<FieldScalar>{std::int64_t{1}}}};
  const std::string json = fields_json(fields);
  CHECK(json == R"({"lines":)" + lines + R"(,"o":{"a":{"b":null}},"plain":[1]})");
  CHECK(fields_from_json(json) == fields);
  CHECK(nested_json(fields) == json);
  FieldMap other = fields;
  other["lines"] = FieldScalar(JsonText{"[]"});
  CHECK(differing_fields(other, fields) == FieldMap{{"lines", FieldScalar(JsonText{"[]"})}});
  // A list of plain values is a list, whoever made it.
  CHECK(differing_fields({{"x", FieldScalar(JsonText{"[1,2]"})}}, fields_from_json(R"({"x":[1,2]})")).empty());
}
