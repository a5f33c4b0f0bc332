// Bodies whose parts depend on what a call has: conditions, lists, first that fits, refusals.
#include <doctest/doctest.h>

#include "connectors/http/request/json_template.h"
#include "engine/base/error.h"

using namespace connectors::http;
using namespace engine::model;
using engine::Error;

namespace {

FieldValue list(std::vector<FieldScalar> values) { return values; }
FieldScalar text(const char* value) { return std::string(value); }

const engine::settings::Origin nowhere{};

std::string body(const std::string& form, const FieldMap& fields, bool window_open = false) {
  Call call;
  call.object = "message";
  call.idempotency_key = "k";
  call.window_open = window_open;
  std::string out;
  JsonTemplate(form, nowhere).render({call, fields, fields}, out);
  return out;
}

std::string refusal(const std::string& form, const FieldMap& fields = {}) {
  try {
    body(form, fields);
  } catch (const Error& error) {
    return error.what();
  }
  return "not refused";
}

}  // namespace

TEST_CASE("a member whose condition does not hold is left out, wherever it stands") {
  const std::string form =
      R"({"a":{"$when":"field.a","$value":"{field.a}"},"b":1,"c":{"$when":"field.c","x":"{field.c}"},"d":"{field.d?}"})";
  CHECK(body(form, {}) == R"({"b":1})");
  CHECK(body(form, {{"a", text("A")}}) == R"({"a":"A","b":1})");
  CHECK(body(form, {{"c", text("C")}}) == R"({"b":1,"c":{"x":"C"}})");
  CHECK(body(form, {{"a", text("A")}, {"c", text("C")}, {"d", FieldScalar(true)}}) ==
        R"({"a":"A","b":1,"c":{"x":"C"},"d":true})");
}

TEST_CASE("nothing, an empty text and an empty list are no value; zero and false are") {
  const std::string form = R"({"a":"{field.a?}"})";
  for (const FieldValue& none : {FieldValue(FieldScalar()), FieldValue(text("")), list({})}) {
    CHECK(body(form, {{"a", none}}) == "{}");
  }
  CHECK(body(form, {{"a", FieldScalar(std::int64_t{0})}}) == R"({"a":0})");
  CHECK(body(form, {{"a", FieldScalar(false)}}) == R"({"a":false})");
}

TEST_CASE("all conditions of $when must hold, and those of $unless must not hold all") {
  const std::string form = R"([{"$when":["field.a","field.b"],"$unless":["field.c","window.open"],"x":1}])";
  const FieldMap both{{"a", text("1")}, {"b", text("1")}};
  FieldMap three = both;
  three["c"] = text("1");
  CHECK(body(form, {{"a", text("1")}}) == "[]");
  CHECK(body(form, both) == R"([{"x":1}])");
  CHECK(body(form, both, true) == R"([{"x":1}])");
  CHECK(body(form, three) == R"([{"x":1}])");
  CHECK(body(form, three, true) == "[]");
}

TEST_CASE("a list has an entry for each value of a field") {
  const std::string form = R"([{"$each":"field.body","t":"{item|text}","n":"{index}"},"end"])";
  CHECK(body(form, {}) == R"(["end"])");
  CHECK(body(form, {{"body", FieldScalar(std::int64_t{7})}}) == R"([{"t":"7","n":0},"end"])");
  CHECK(body(form, {{"body", list({text("a"), FieldScalar(1.5)})}}) == R"([{"t":"a","n":0},{"t":"1.5","n":1},"end"])");
}

TEST_CASE("a list has an entry for each field of a family, numbers in their order") {
  const std::string form = R"(["begin",{"$each":"field.b.*.url","i":"{name}","v":"{item}"}])";
  const FieldMap fields{{"b.10.url", text("x")}, {"b.2.url", text("y")}, {"b.2.url.more", text("no")},
                        {"b.3.other", text("no")}, {"b.4.url", FieldScalar()}};
  CHECK(body(form, fields) == R"(["begin",{"i":"2","v":"y"},{"i":"10","v":"x"}])");
}

TEST_CASE("the first form that fits stands for all, or its members join those beside it") {
  const std::string value = R"({"to":{"$first":[{"$when":"field.a","$value":"{field.a}"},{"$when":"field.b","$value":2},"none"]}})";
  CHECK(body(value, {{"a", text("A")}, {"b", text("B")}}) == R"({"to":"A"})");
  CHECK(body(value, {{"b", text("B")}}) == R"({"to":2})");
  CHECK(body(value, {}) == R"({"to":"none"})");

  const std::string joined = R"({"$first":[{"$when":"field.a","type":"a","a":1},{"$when":"field.b","type":"b"}],"end":true})";
  CHECK(body(joined, {{"a", text("A")}}) == R"({"type":"a","a":1,"end":true})");
  CHECK(body(joined, {{"b", text("B")}}) == R"({"type":"b","end":true})");
  CHECK(body(joined, {}) == R"({"end":true})");
}

TEST_CASE("a whole body of which no form fits is refused, and so is a call that a definition refuses in words") {
  CHECK(refusal(R"({"$first":[{"$when":"field.a","a":1}]})").find("no form of the request") != std::string::npos);
  CHECK(refusal(R"({"to":{"$first":[{"$when":"field.to","$value":1},{"$refuse":"no number"}]}})") == "no number");
}

TEST_CASE("JSON that a pipeline made stands as it is, and what is none is refused") {
  const std::string form = R"({"c":"{field.c|json}"})";
  CHECK(body(form, {{"c", text(R"([{"n": 1.50}])")}}) == R"({"c":[{"n": 1.50}]})");
  CHECK(refusal(form, {{"c", text(R"([}])")}}).find("{field.c} is no JSON") != std::string::npos);
}

TEST_CASE("what nobody understands in a template is refused when it is read") {
  CHECK(refusal(R"({"a":{"$wen":"field.a"}})").find("nothing is called '$wen'") != std::string::npos);
  CHECK(refusal(R"({"a":{"$each":"field.a"}})").find("repeats an object of a list") != std::string::npos);
  CHECK(refusal(R"([{"$when":"fields.a"}])").find("is no condition") != std::string::npos);
  CHECK(refusal(R"([{"$each":"field.a.*b"}])").find("one star") != std::string::npos);
  CHECK(refusal(R"({"a":"x {field.a?}"})").find("must stand alone") != std::string::npos);
  CHECK(refusal(R"({"a":"{item}"})").find("below a $each only") != std::string::npos);
  CHECK(body(R"({"$$ref":1})", {}) == R"({"$ref":1})");
}
