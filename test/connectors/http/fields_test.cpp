// How values are written, which of what a search finds is the record, and how lists go on.
#include <doctest/doctest.h>

#include "connectors/http/answer/pages.h"
#include "connectors/http/request/field_writing.h"

using namespace connectors::http;
using namespace engine::settings;
using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::model::fields_json;

namespace {

FieldScalar text(const char* value) { return FieldScalar(std::string(value)); }

/// The value under `x` once it was written, as JSON, or why not.
std::string written(const FieldDefinition& field, engine::model::FieldValue value, bool values_as_text = false) {
  ObjectDefinition object;
  object.fields["x"] = field;
  object.values_as_text = values_as_text;
  FieldMap fields{{"x", std::move(value)}};
  try {
    FieldWriting(object).apply(fields);
  } catch (const std::exception& problem) {
    return problem.what();
  }
  const std::string json = fields_json(fields);
  return json.substr(5, json.size() - 6);
}

std::string next(const PageRule& rule, const std::string& body, std::size_t page = 0,
                 const std::string& url = "https://a.example/list?q=1") {
  const RawAnswer answer{.status = 200, .body = body, .headers = {{"Link", body}}};
  const PageStep step = next_page(PagePlan(rule), JsonPath("/items"), url, answer, page);
  return step.url.value_or(step.problem.empty() ? "end" : step.problem);
}

}  // namespace

TEST_CASE("values: text writes numbers and booleans as texts, and leaves null alone") {
  const FieldDefinition any;
  CHECK(written(any, FieldScalar(true), true) == "\"true\"");
  CHECK(written(any, FieldScalar(std::int64_t{7}), true) == "\"7\"");
  CHECK(written(any, FieldScalar(1.5), true) == "\"1.5\"");
  CHECK(written(any, FieldScalar(), true) == "null");
  CHECK(written({.type = FieldType::boolean}, FieldScalar(std::int64_t{0}), true) == "\"false\"");
  CHECK(written({.type = FieldType::choices, .join = ";"}, std::vector<FieldScalar>{text("a"), text("b")}, true) ==
        "\"a;b\"");
}

TEST_CASE("whole numbers keep every digit, however many they have") {
  const FieldDefinition whole{.type = FieldType::integer};
  CHECK(written(whole, text("9007199254740993")) == "9007199254740993");
  CHECK(written(whole, text("-9223372036854775808")) == "-9223372036854775808");
  CHECK(written(whole, text("18446744073709551615")) == "18446744073709551615");
  CHECK(written(whole, text("9223372036854775807.00")) == "9223372036854775807");
  CHECK(written(whole, text("1e3")) == "1000");
  CHECK(written(whole, text("1.5")).find("no whole number") != std::string::npos);
  CHECK(written(whole, FieldScalar(1e17)).find("no whole number") != std::string::npos);
}

TEST_CASE("dates and times are written as the target wants them; a time without a zone is UTC") {
  const auto date = [](TimeForm form) { return FieldDefinition{.type = FieldType::date, .form = form}; };
  const auto time = [](TimeForm form) { return FieldDefinition{.type = FieldType::datetime, .form = form}; };
  CHECK(written(date(TimeForm::iso), text("2024-01-31 23:59:00")) == "\"2024-01-31\"");
  CHECK(written(date(TimeForm::epoch_ms), text("2024-01-31")) == "1706659200000");
  CHECK(written(date(TimeForm::epoch_ms), text("2024-01-31 10:00:00")) == "1706659200000");
  CHECK(written(time(TimeForm::iso), text("2024-01-31 10:20:30.5")) == "\"2024-01-31T10:20:30Z\"");
  CHECK(written(time(TimeForm::iso), text("2024-01-31T10:20:30+01:00")) == "\"2024-01-31T09:20:30Z\"");
  CHECK(written(time(TimeForm::iso_ms), text("2024-01-31 10:20:30.5")) == "\"2024-01-31T10:20:30.500+0000\"");
  CHECK(written(time(TimeForm::epoch_s), text("1969-12-31 23:59:59")) == "-1");
  CHECK(written(time(TimeForm::epoch_ms), text("2024-01-31")) == "1706659200000");
  CHECK(written(time(TimeForm::epoch_ms), FieldScalar(std::int64_t{5})) == "5");
  CHECK(written(date(TimeForm::iso), text("")) == "null");
  CHECK(written(date(TimeForm::iso), text("2024-02-30")) == "the field 'x' holds '2024-02-30', which is no date");
  CHECK(written(time(TimeForm::iso), text("yesterday")) == "the field 'x' holds 'yesterday', which is no date and time");
}

TEST_CASE("numbers, booleans and choices become what their type says, or the record is refused by name") {
  CHECK(written({.type = FieldType::integer}, text("42")) == "42");
  CHECK(written({.type = FieldType::integer}, text("42.00")) == "42");
  CHECK(written({.type = FieldType::integer}, text("42.5")) == "the field 'x' holds '42.5', which is no whole number");
  CHECK(written({.type = FieldType::number}, text("1000.00")) == "1000.00");
  CHECK(written({.type = FieldType::number}, text("1e")) == "the field 'x' holds '1e', which is no number");
  CHECK(written({.type = FieldType::boolean}, text("true")) == "true");
  CHECK(written({.type = FieldType::boolean}, text("maybe")) == "the field 'x' holds 'maybe', which is no true or false");
  CHECK(written({.type = FieldType::text}, FieldScalar(std::int64_t{7})) == "\"7\"");
  CHECK(written({.type = FieldType::choices}, text("a")) == "[\"a\"]");
  CHECK(written({.type = FieldType::choices, .join = "|"}, std::vector<FieldScalar>{text("a"), FieldScalar(), text("c")}) ==
        "\"a|c\"");
}

TEST_CASE("a field's name may end in a star; an exact name comes first") {
  ObjectDefinition object;
  object.fields["cf_*"] = {.type = FieldType::number};
  object.fields["cf_name"] = {.type = FieldType::text};
  FieldMap fields{{"cf_name", text("1")}, {"cf_weight", text("1.5")}, {"other", text("1")}};
  FieldWriting(object).apply(fields);
  CHECK(fields_json(fields) == R"({"cf_name":"1","cf_weight":1.5,"other":"1"})");
}

TEST_CASE("the next page is where the answer says, at the same address, or where the counting leads") {
  CHECK(next({.next = "/next"}, R"({"next":"https://a.example/list?after=2"})") == "https://a.example/list?after=2");
  CHECK(next({.next = "/next"}, R"({"next":"/list?after=2"})") == "https://a.example/list?after=2");
  CHECK(next({.next = "/next"}, R"({"next":null})") == "end");
  CHECK(next({.next = "/next"}, R"({"next":"https://b.example/list"})") ==
        "the next page is at another address: https://b.example/list");
  CHECK(next({.next = "/next"}, R"({"next":"//b.example/list"})").starts_with("the next page is at another address"));
  CHECK(next({.next_in_link = true}, R"(<https://a.example/1>; rel="prev", <https://a.example/3>; rel="next")") ==
        "https://a.example/3");
  CHECK(next({.next_in_link = true}, "") == "end");
  CHECK(next({.cursor = "/c", .put_in = "after"}, R"({"c":"x y"})") == "https://a.example/list?q=1&after=x%20y");
  CHECK(next({.cursor = "/c", .put_in = "q"}, R"({"c":"2"})") == "https://a.example/list?q=2");
  CHECK(next({.cursor = "/c", .put_in = "q"}, R"({})") == "end");
  CHECK(next({.number = "page", .size = 2}, R"({"items":[1,2]})") == "https://a.example/list?q=1&page=2");
  CHECK(next({.number = "page", .size = 2}, R"({"items":[1]})", 1) == "end");
  CHECK(next({.offset = "from", .size = 2}, R"({"items":[1,2]})", 1, "https://a.example/list?from=2") ==
        "https://a.example/list?from=4");
  CHECK(next({.offset = "from", .size = 2}, "no json") == "a page is not JSON");
}

TEST_CASE("a page is read as deep as an answer is judged") {
  std::string deep = R"({"paging":{"cursor":"c2"},"deep":)";
  for (int i = 0; i < 100; ++i) deep += '[';
  deep += std::string(100, ']') + "}";
  CHECK(next({.cursor = "/paging/cursor", .put_in = "after"}, deep) == "https://a.example/list?q=1&after=c2");
}
