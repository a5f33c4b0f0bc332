// Several records in one request: each is accounted by itself.
#include <doctest/doctest.h>

#include "test/connectors/http/support/target_under_test.h"
#include "test/support/http_stub.h"

using namespace engine::model;
using namespace test_http;
using test_support::HttpStub;
using test_support::StubAnswer;

namespace {

std::string batch(const std::string& kind, const std::string& accounted_by) {
  return "batch: { " + kind + ": { request: { method: POST, path: /batch, body: { inputs: \"{records}\" } }, " +
         "record: { id: \"{match_value}\", trace: \"{idempotency_key}\", properties: fields }, at_most: { records: 10, "
         "bytes: 1MB }, " +
         "accounted_by: " + accounted_by + " } }";
}

std::vector<Call> calls(CallKind kind, int count) {
  std::vector<Call> all;
  for (int i = 0; i < count; ++i) {
    Call call = customer(kind);
    call.match = {{"code", text("C" + std::to_string(i))}};
    call.idempotency_key = "k-" + std::to_string(i);
    all.push_back(call);
  }
  return all;
}

std::string outcomes(const std::string& connection, CallKind kind, StubAnswer scripted) {
  HttpStub stub;
  stub.answer({std::move(scripted)});
  const auto target = target_of(shipped_connection("webhook", connection), stub.url());
  std::string all;
  for (const CallAnswer& answer : answers_to(*target, target->prepare(calls(kind, 3)))) {
    all += (all.empty() ? "" : " ") + std::string(name_of(answer.outcome));
  }
  return all;
}

const std::string by_name =
    "{ id: /results/*/id, match: /results/*/code, done: /results/*/trace, trace: /errors/*/context/trace }";

}  // namespace

TEST_CASE("results in order speak for the records in order") {
  const std::string connection = batch("upsert", "{ order: /results, failed: /error }");
  CHECK(outcomes(connection, CallKind::upsert,
                 {.body = R"({"results":[{"id":1},{"error":"bad VAT"},{"id":3,"error":null}]})"}) ==
        "delivered permanent delivered");
  // With one result missing nobody knows whose: an upsert may go again, a create must be looked for.
  CHECK(outcomes(connection, CallKind::upsert, {.body = R"({"results":[{"id":1},{"id":3}]})"}) ==
        "retry_later retry_later retry_later");
  CHECK(outcomes(batch("create", "{ order: /results, failed: /error }"), CallKind::create,
                 {.body = R"({"results":[{"id":1}]})"}) == "uncertain uncertain uncertain");
}

TEST_CASE("records are accounted by their trace, their match value, or because the numbers add up") {
  const std::string connection = batch("upsert", by_name);
  CHECK(
      outcomes(
          connection, CallKind::upsert,
          {.status = 207,
           .body = R"({"results":[{"id":"9"},{"id":"8"}],"errors":[{"message":"x","context":{"trace":["k-1"]}}]})"}) ==
      "delivered permanent delivered");
  CHECK(outcomes(connection, CallKind::upsert, {.body = R"({"results":[{"id":"9","code":"C2"}]})"}) ==
        "retry_later retry_later delivered");
  CHECK(outcomes(connection, CallKind::upsert,
                 {.body = R"({"results":[{"trace":"k-0"},{"trace":"k-1"},{"trace":"k-2"}]})"}) ==
        "delivered delivered delivered");
  CHECK(outcomes(connection, CallKind::upsert, {.body = R"({"results":[{"id":"9"}]})"}) ==
        "retry_later retry_later retry_later");
  CHECK(outcomes(connection, CallKind::upsert, {.body = "{}"}) == "retry_later retry_later retry_later");
  CHECK(outcomes(connection, CallKind::upsert, {.body = "oops"}) == "retry_later retry_later retry_later");
}

TEST_CASE("the answer of a batch is kept once, with its first record, and what it says of one with that one") {
  HttpStub stub;
  stub.answer({{.body = R"({"results": [{"id":1}, {"id":2, "error":"bad VAT"}, {"id":3}]})"}, {.status = 500, .body = "out of order"}});
  const auto target = target_of(shipped_connection("webhook", batch("upsert", "{ order: /results, failed: /error }")), stub.url());
  const auto accounted = answers_to(*target, target->prepare(calls(CallKind::upsert, 3)));
  CHECK(accounted[0].answer == R"({"results": [{"id":1}, {"id":2, "error":"bad VAT"}, {"id":3}]})");
  CHECK(accounted[1].answer == R"({"id":2,"error":"bad VAT"})");
  CHECK(accounted[2].answer == R"({"id":3})");
  const auto refused = answers_to(*target, target->prepare(calls(CallKind::upsert, 3)));
  CHECK(refused[0].answer == "out of order");
  CHECK(refused[2].answer.empty());
  CHECK(std::get<RetryLater>(refused[2].outcome).reason == "status 500: out of order");
}

TEST_CASE("an error about a record of somebody else makes nobody delivered by arithmetic") {
  CHECK(outcomes(batch("upsert", by_name), CallKind::upsert,
                 {.body = R"({"results":[{"id":"9"},{"id":"8"}],"errors":[{"context":{"trace":["k-77"]}}]})"}) ==
        "retry_later retry_later retry_later");
}

TEST_CASE("a batch whose results tell an id each keeps ids; one that tells none goes by match values") {
  const auto match_is_id = [](const std::string& accounted_by) {
    const auto connection = shipped_connection("webhook", batch("upsert", accounted_by));
    return target_of(connection, "http://127.0.0.1:9")->traits("customer").match_is_id;
  };
  CHECK_FALSE(match_is_id("{ order: /results, failed: /error, remote_id: /key }"));
  CHECK_FALSE(match_is_id(by_name));
  CHECK(match_is_id("{ order: /results, failed: /error }"));
}

TEST_CASE("a batch that fails as a whole gives every record that outcome") {
  CHECK(outcomes(batch("upsert", by_name), CallKind::upsert, {.status = 400}) == "permanent permanent permanent");
  CHECK(outcomes(batch("upsert", by_name), CallKind::upsert, {.status = 500}) == "retry_later retry_later retry_later");
  CHECK(outcomes(batch("create", by_name), CallKind::create, {.status = 500}) == "uncertain uncertain uncertain");
}

TEST_CASE("the body of a batch lists its records, under one key for the whole") {
  HttpStub stub;
  auto connection = shipped_connection("webhook", batch("upsert", by_name));
  connection.idempotency_header = "Idempotency-Key";
  const auto target = target_of(connection, stub.url());
  CHECK(target->traits("customer").of(CallKind::upsert).records_max == 10);
  CHECK(target->traits("customer").of(CallKind::upsert).bytes_max == 1'000'000);
  const auto two = calls(CallKind::upsert, 2);
  answers_to(*target, target->prepare(two));
  const std::string key = stub.last().header("Idempotency-Key");
  CHECK(key.size() == 32);
  const std::string properties = R"({"address":{"city":"Roma"},"credit":1000.00,"name":"Rossi Srl"})";
  CHECK(stub.last().body == R"({"inputs":[{"id":"C0","trace":"k-0","properties":)" + properties +
                                R"(},{"id":"C1","trace":"k-1","properties":)" + properties + "}]}");
  answers_to(*target, target->prepare(two));
  CHECK(stub.last().header("Idempotency-Key") == key);
  answers_to(*target, target->prepare(calls(CallKind::upsert, 3)));
  CHECK(stub.last().header("Idempotency-Key") != key);
}
