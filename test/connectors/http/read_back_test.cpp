// What a target says it holds, in the words of what was sent.
#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "connectors/http/answer/read_back.h"
#include "test/connectors/http/support/target_under_test.h"
#include "test/support/http_stub.h"

using namespace engine::model;
using namespace test_http;
using connectors::http::means_the_same;

namespace {

bool same(const FieldValue& sent, const char* stored) {
  const auto value = boost::json::parse(stored);
  return means_the_same(sent, &value);
}

CallAnswer read_back(const std::string& definition_name, const std::string& connection, const Call& call,
                     const std::string& stored) {
  test_support::HttpStub stub;
  stub.answer({{.body = stored}});
  return answer_to(*target_of(shipped_connection(definition_name, connection), stub.url()), call);
}

}  // namespace

TEST_CASE("a value means the same in the target's own form") {
  CHECK(same(text("Roma"), R"("Roma")"));
  CHECK(same(text("5"), "5"));
  CHECK(same(FieldScalar(std::int64_t{5}), R"("5")"));
  CHECK(same(number("1000.00"), "1000"));
  CHECK(same(number("1000.00"), R"("1000.0")"));
  CHECK(same(FieldScalar(12.5), R"("12.50")"));
  CHECK(same(text("General"), R"({"type":"queue","id":"1","Name":"General"})"));
  CHECK(same(text("1"), R"({"type":"queue","id":"1","Name":"General"})"));
  CHECK(same(text("x"), R"(["x"])"));
  CHECK(same(text("a@example.com"), R"([{"id":"a@example.com","type":"user"}])"));
  CHECK(same(text("2026-12-24 10:00:00"), R"("2026-12-24T10:00:00Z")"));
  CHECK(same(text("2026-12-24T10:00:00.250"), R"("2026-12-24T10:00:00.25+00:00")"));
  CHECK(same(text("2026-12-24"), R"("2026-12-24T00:00:00Z")"));
  CHECK(same(text("a\nb"), R"("a\r\nb")"));
  CHECK(same(FieldScalar(true), "1"));
  CHECK(same(FieldScalar(false), "false"));
  for (const char* nothing : {"null", "\"\"", "[]", "[\"\"]"}) {
    CHECK(same(null(), nothing));
    CHECK(same(text(""), nothing));
  }
  CHECK(means_the_same(null(), nullptr));
  CHECK(same(std::vector<FieldScalar>{std::string("a"), std::int64_t{2}}, R"(["a","2"])"));
  CHECK(same(std::vector<FieldScalar>{std::string("a"), std::string("b")}, R"(["b","a"])"));
  CHECK(same(text("1.50"), R"("1.5")"));
  CHECK(same(number("9007199254740993"), R"("9007199254740993.00")"));
  CHECK(same(text("1"), "true"));
  CHECK(same(FieldScalar(0.001), "1e-3"));
}

TEST_CASE("other values are other values") {
  CHECK_FALSE(same(text("Roma"), R"("ROMA")"));
  CHECK_FALSE(same(text("01"), R"("1")"));
  CHECK_FALSE(same(text(" x"), R"("x")"));
  CHECK_FALSE(same(number("1000.01"), "1000"));
  CHECK_FALSE(same(text("x"), "null"));
  CHECK_FALSE(same(text("x"), R"(["x","y"])"));
  CHECK_FALSE(same(null(), R"("x")"));
  CHECK_FALSE(same(null(), "0"));
  CHECK_FALSE(same(text("2026-12-24 10:00:00"), R"("2026-12-24T11:00:00Z")"));
  CHECK_FALSE(same(text("2026-12-24 10:00:00"), R"("2026-12-24T10:00:00+02:00")"));
  CHECK_FALSE(same(text("General"), R"({"id":"2","Name":"Other"})"));
  CHECK_FALSE(same(std::vector<FieldScalar>{std::string("a"), std::string("a")}, R"(["b","a"])"));
  CHECK_FALSE(same(std::vector<FieldScalar>{std::string("a")}, R"(["b","a"])"));
  CHECK_FALSE(same(number("9007199254740993"), "9007199254740992"));
  CHECK_FALSE(same(text("x"), R"({"deep":{"er":"x"}})"));
}

TEST_CASE("fields come back by the names they were sent under") {
  Call call = customer(CallKind::read_back);
  call.fields["missing"] = text("x");
  const CallAnswer answer =
      read_back("webhook",
                "requests: { upsert: { method: PUT, path: /c }, read_back: { method: GET, path: \"/c/{remote_id}\" } }",
                call, R"({"name":"Rossi Srl","credit":"1000","address":{"city":"Milano"}})");
  CHECK(std::holds_alternative<Delivered>(answer.outcome));
  CHECK(answer.fields ==
        FieldMap{{"address.city", text("Milano")}, {"credit", number("1000.00")}, {"name", text("Rossi Srl")}});
}

TEST_CASE("a field that the target never shows is taken as stored") {
  Call call = customer(CallKind::read_back);
  call.fields = {{"pin", text("1234")}};
  const std::string requests =
      "requests: { upsert: { method: PUT, path: /c }, read_back: { method: GET, path: /c, write_only: [pin] } }";
  CHECK(read_back("webhook", requests, call, "{}").fields == call.fields);
}

TEST_CASE("before a write, what means the same as the wanted value is told as that") {
  Call call = customer(CallKind::read_back);
  call.fields = {{"due", text("2026-01-01 10:00:00")}, {"group", text("Sales")}, {"priority", text("1")}};
  call.wanted = {{"due", text("2026-12-24 10:00:00")}, {"group", text("Support")}, {"priority", text("5")}};
  const std::string requests = "requests: { upsert: { method: PUT, path: /c }, read_back: { method: GET, path: /c } }";
  CHECK(read_back("webhook", requests, call, R"({"due":"2026-12-24T10:00:00Z","group":{"Name":"Sales"},"priority":3})").fields ==
        FieldMap{{"due", text("2026-12-24 10:00:00")}, {"group", text("Sales")}, {"priority", FieldScalar(std::int64_t{3})}});
}

TEST_CASE("custom fields of Request Tracker are found by their name, and a lost key is told") {
  Call call = customer(CallKind::read_back);
  call.object = "ticket";
  call.match = {{"ExternalId", text("C001")}};
  call.fields = {{"CustomFields.Credit/€", number("5.00")}, {"Queue", text("General")}, {"Status", text("open")}};
  const std::string ticket = R"({"Status":"new","Queue":{"id":"1","Name":"General","type":"queue"},"CustomFields":[)"
                             R"({"name":"Credit/€","values":["5"]},{"name":"ExternalId","values":["%"]}]})";
  std::string held = ticket;
  const CallAnswer good =
      read_back("request_tracker", "options: { key_field: ExternalId }", call, held.replace(held.find('%'), 1, "C001"));
  CHECK(std::holds_alternative<Delivered>(good.outcome));
  CHECK(good.fields ==
        FieldMap{{"CustomFields.Credit/€", number("5.00")}, {"Queue", text("General")}, {"Status", text("new")}});
  const CallAnswer lost = read_back("request_tracker", "options: { key_field: ExternalId }", call, ticket);
  REQUIRE(std::holds_alternative<Partial>(lost.outcome));
  CHECK(std::get<Partial>(lost.outcome).refused == std::vector<std::string>{"CustomFields.ExternalId"});
}
