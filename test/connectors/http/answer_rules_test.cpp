// Rules that look at headers and JSON, of an answer and of the part of it that speaks of one record.
#include <doctest/doctest.h>

#include "test/connectors/http/support/target_under_test.h"
#include "test/support/http_stub.h"

using namespace engine::model;
using namespace test_http;
using test_support::HttpStub;
using test_support::StubAnswer;

namespace {

const std::string single = R"(
target: own
objects:
  customer:
    create: { request: { method: POST, path: /c, body: fields }, id: /id }
    update: { request: { method: PUT, path: "/c/{remote_id}", body: fields } }
answers:
)";

CallAnswer answer(const std::string& rules, StubAnswer scripted, CallKind kind = CallKind::create) {
  HttpStub stub;
  stub.answer({std::move(scripted)});
  const auto target = target_of(connection_from(single + rules, "{}"), stub.url());
  return answer_to(*target, customer(kind));
}

std::string outcome(const std::string& rules, StubAnswer scripted) {
  return std::string(name_of(answer(rules, std::move(scripted)).outcome));
}

const RetryLater& later(const CallAnswer& answer) {
  REQUIRE(std::holds_alternative<RetryLater>(answer.outcome));
  return std::get<RetryLater>(answer.outcome);
}

}  // namespace

TEST_CASE("a 200 whose JSON says that it failed is no success") {
  const std::string rules = "  - { status: 200, json: { at: /success, is: false }, class: permanent, reason: not taken }";
  const CallAnswer refused = answer(rules, {.body = R"({"success":false,"id":7})"});
  REQUIRE(std::holds_alternative<Permanent>(refused.outcome));
  CHECK(std::get<Permanent>(refused.outcome).reason == R"(not taken: status 200: {"success":false,"id":7})");
  CHECK(outcome(rules, {.body = R"({"success":true,"id":7})"}) == "delivered");
  CHECK(outcome(rules, {.body = R"({"success":"no","id":7})"}) == "delivered");
}

TEST_CASE("a condition on JSON asks for one of several values, for a pattern, or that something is there") {
  const std::string one_of = "  - { json: { at: /error/code, is: [4, '80007'] }, class: retry }";
  CHECK(outcome(one_of, {.status = 400, .body = R"({"error":{"code":4}})"}) == "retry_later");
  CHECK(outcome(one_of, {.status = 400, .body = R"({"error":{"code":"80007"}})"}) == "retry_later");
  CHECK(outcome(one_of, {.status = 400, .body = R"({"error":{"code":40}})"}) == "permanent");
  const std::string pattern = "  - { json: { at: /*/errorCode, matches: '^UNABLE_' }, class: retry }";
  CHECK(outcome(pattern, {.status = 400, .body = R"([{"errorCode":"X"},{"errorCode":"UNABLE_TO_LOCK_ROW"}])"}) ==
        "retry_later");
  const std::string there = "  - { json: { at: /errors }, class: permanent }";
  CHECK(outcome(there, {.body = R"({"id":1,"errors":[]})"}) == "delivered");
  CHECK(outcome(there, {.body = R"({"id":1,"errors":["x"]})"}) == "permanent");
  CHECK(outcome(there, {.status = 400, .body = "no JSON"}) == "permanent");
}

TEST_CASE("a condition on a header") {
  const std::string rules = "  - { status: 429, header: { name: RateLimit-Reason, is: quota }, class: permanent }";
  CHECK(outcome(rules, {.status = 429, .headers = {"ratelimit-reason: quota"}}) == "permanent");
  CHECK(outcome(rules, {.status = 429, .headers = {"RateLimit-Reason: burst"}}) == "retry_later");
  CHECK(outcome(rules, {.status = 429}) == "retry_later");
}

TEST_CASE("throttled names its budget, whatever the status") {
  const std::string rules = "  - { json: { at: /error/code, is: 131056 }, class: throttled, budget: pair, after: { at_least: 6s } }";
  const CallAnswer refused = answer(rules, {.status = 400, .body = R"({"error":{"code":131056}})"});
  CHECK(later(refused).throttled);
  CHECK(later(refused).budget == "pair");
  CHECK(later(refused).after_ms == 6'000);
}

TEST_CASE("when to come again stands in a header or in JSON, as a number of a unit, since 1970, or as a date") {
  const std::string minutes = "  - { status: 400, class: retry, after: { json: /wait, unit: 1m } }";
  CHECK(later(answer(minutes, {.status = 400, .body = R"({"wait":2})"})).after_ms == 120'000);
  CHECK_FALSE(later(answer(minutes, {.status = 400, .body = "{}"})).after_ms.has_value());
  const std::string nested = "  - { status: 400, class: retry, after: { json: /wait/*/minutes, unit: 1m, at_least: 5s } }";
  CHECK(later(answer(nested, {.status = 400, .body = R"({"wait":[{"minutes":1}]})"})).after_ms == 60'000);
  CHECK(later(answer(nested, {.status = 400, .body = "{}"})).after_ms == 5'000);
  const std::string reset = "  - { status: 429, class: throttled, after: { header: X-Reset, unit: epoch } }";
  CHECK(later(answer(reset, {.status = 429, .headers = {"X-Reset: 1000"}})).after_ms == 0);
  CHECK(later(answer(reset, {.status = 429, .headers = {"X-Reset: 99999999999"}})).after_ms == 86'400'000);
  CHECK(later(answer(reset, {.status = 429, .headers = {"X-Reset: 2020-01-01T00:00:00Z"}})).after_ms == 0);
  CHECK(later(answer(reset, {.status = 429, .headers = {"X-Reset: 2120-01-01T00:00:00.5+0200"}})).after_ms == 86'400'000);
  CHECK_FALSE(later(answer(reset, {.status = 429, .headers = {"X-Reset: 2120-01-01T00:00junk"}})).after_ms.has_value());
}

TEST_CASE("each refused record of a batch is judged by the rules for itself, with its own status") {
  const std::string definition = R"(
target: own
objects:
  customer:
    batch:
      create:
        request: { method: POST, path: /batch, body: { inputs: "{records}" } }
        record: fields
        at_most: { records: 10 }
        accounted_by: { order: /results, taken: /success, status: /status, remote_id: /key }
answers:
  - { json: { at: /errors/*/code, is: LOCKED }, class: retry }
  - { json: { at: /errors/*/code, is: LOST }, class: uncertain }
)";
  HttpStub stub;
  const auto target = target_of(connection_from(definition, "{}"), stub.url());
  stub.answer({{.body = R"({"results":[{"success":true,"key":"9"},{"success":false,"errors":[{"code":"LOCKED"}]},
    {"success":false,"errors":[{"code":"LOST"}]},{"success":false,"errors":[{"code":"BAD"}]},{"success":false,"status":429}]})"}});
  const std::vector<Call> calls(5, customer(CallKind::create));
  const auto answers = answers_to(*target, target->prepare(calls));
  CHECK(std::get<Delivered>(answers[0].outcome).remote_id == "9");
  CHECK(name_of(answers[1].outcome) == "retry_later");
  CHECK(name_of(answers[2].outcome) == "uncertain");
  CHECK(std::get<Permanent>(answers[3].outcome).reason ==
        R"(refused in the batch: {"success":false,"errors":[{"code":"BAD"}]})");
  CHECK(later(answers[4]).throttled);
  for (const CallAnswer& answer : answers) CHECK(answer.of_this_record);
}

TEST_CASE("results that name their record's place may come in any order, and may be fewer") {
  const std::string definition = R"(
target: own
objects:
  customer:
    batch:
      create:
        request: { method: POST, path: /batch, body: { tickets: "{records}" } }
        record: fields
        at_most: { records: 10 }
        accounted_by: { order: /results, index: /index, failed: /error }
)";
  HttpStub stub;
  const auto target = target_of(connection_from(definition, "{}"), stub.url());
  stub.answer({{.body = R"({"results":[{"index":2,"id":7},{"index":0,"error":"TicketCreateFailed"},{"index":9,"id":8}]})"}});
  const std::vector<Call> calls(3, customer(CallKind::create));
  const auto answers = answers_to(*target, target->prepare(calls));
  CHECK(name_of(answers[0].outcome) == "permanent");
  CHECK(name_of(answers[1].outcome) == "uncertain");
  CHECK_FALSE(answers[1].of_this_record);
  CHECK(std::get<Delivered>(answers[2].outcome).remote_id == "7");
}
