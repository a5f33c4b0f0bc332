// Calls that are answered with a job: what asks for it, and what its answers mean for each record.
#include <doctest/doctest.h>

#include "test/connectors/http/support/target_under_test.h"
#include "test/support/http_stub.h"

using namespace engine::model;
using namespace test_http;
using test_support::HttpStub;
using test_support::StubAnswer;

namespace {

const std::string definition = R"(
target: own
objects:
  customer:
    create:
      request: { method: POST, path: /customers, body: fields }
      job: { id: /job/id, request: { method: GET, path: "/jobs/{job}.json" }, every: 3s, at_most: 1m, remote_id: /job/record,
             done: { at: /job/status, is: completed }, failed: { at: /job/status, is: [failed, killed] }, failed_class: permanent }
    batch:
      create:
        request: { method: POST, path: /customers/many, body: { customers: "{records}" } }
        record: fields
        at_most: { records: 10 }
        accounted_by: { order: /job/results, index: /index, failed: /error }
        job: { id: /job/id, request: { method: GET, path: "/jobs/{job}.json" }, at_most: 1m,
               done: { at: /job/status, is: completed }, failed: { at: /job/status, is: [failed, killed] } }
answers:
  - { json: { at: /error, is: Busy }, class: retry }
)";

struct Api {
  HttpStub stub;
  std::unique_ptr<Target> target = target_of(connection_from(definition, "{}"), stub.url());

  std::vector<CallAnswer> begin(int records) {
    stub.answer({{.status = 200, .body = R"({"job":{"id":"7/a","status":"queued"}})"}});
    return answers_to(*target, target->prepare(std::vector<Call>(static_cast<std::size_t>(records), customer(CallKind::create))));
  }
  std::vector<CallAnswer> ask(const std::string& request, int records, StubAnswer scripted) {
    stub.answer({std::move(scripted)});
    return answers_to(*target, {.kind = CallKind::poll, .object = "customer", .records = static_cast<std::size_t>(records),
                                .request = request, .ready = nullptr});
  }
};

const Accepted& accepted(const CallAnswer& answer) {
  REQUIRE(std::holds_alternative<Accepted>(answer.outcome));
  return std::get<Accepted>(answer.outcome);
}

std::string outcomes(const std::vector<CallAnswer>& answers) {
  std::string all;
  for (const CallAnswer& answer : answers) all += (all.empty() ? "" : " ") + std::string(name_of(answer.outcome));
  return all;
}

}  // namespace

TEST_CASE("a job of one record is asked for by its name, and its last answer tells the id") {
  Api api;
  const auto begun = api.begin(1);
  const std::string poll = accepted(begun[0]).poll;
  CHECK(accepted(begun[0]).after_ms == 3'000);
  const auto goes_on = api.ask(poll, 1, {.body = R"({"job":{"status":"working"}})"});
  CHECK(api.stub.last().method == "GET");
  CHECK(api.stub.last().target == "/jobs/7%2Fa.json");
  CHECK(accepted(goes_on[0]).poll.empty());
  const auto done = api.ask(poll, 1, {.body = R"({"job":{"status":"completed","record":42}})"});
  REQUIRE(std::holds_alternative<Delivered>(done[0].outcome));
  CHECK(std::get<Delivered>(done[0].outcome).remote_id == "42");
  CHECK(outcomes(api.ask(poll, 1, {.body = R"({"job":{"status":"killed"}})"})) == "permanent");
}

TEST_CASE("an answer that names no job is a lost one") {
  Api api;
  api.stub.answer({{.status = 200, .body = R"({"queued":true})"}});
  CHECK(outcomes({answer_to(*api.target, customer(CallKind::create))}) == "uncertain");
}

TEST_CASE("of a job of several records all are asked for at once, or each by itself") {
  Api api;
  const auto begun = api.begin(3);
  const StubAnswer done{.body = R"({"job":{"status":"completed","results":[{"index":2,"id":9},{"index":0,"error":"Bad"},{"index":1,"error":"Busy"}]}})"};
  const auto all = api.ask(*accepted(begun[0]).poll_of_all, 3, done);
  CHECK(outcomes(all) == "permanent retry_later delivered");
  CHECK(std::get<Delivered>(all[2].outcome).remote_id == "9");
  CHECK(all[1].of_this_record);
  for (std::size_t i = 0; i < 3; ++i) CHECK(outcomes(api.ask(accepted(begun[i]).poll, 1, done)) == name_of(all[i].outcome));
  CHECK(outcomes(api.ask(*accepted(begun[0]).poll_of_all, 3, {.body = R"({"job":{"status":"failed"}})"})) ==
        "uncertain uncertain uncertain");
}

TEST_CASE("asking in vain says nothing of the records, but a job that is gone leaves them unsure") {
  Api api;
  const std::string poll = accepted(api.begin(1)[0]).poll;
  for (const int status : {429, 500, 503}) {
    const auto answers = api.ask(poll, 1, {.status = status});
    CHECK(outcomes(answers) == "retry_later");
    CHECK_FALSE(answers[0].of_this_record);
  }
  CHECK(outcomes(api.ask(poll, 1, {.status = 404})) == "uncertain");
  const auto refused = api.ask(poll, 1, {.status = 401});
  REQUIRE(std::holds_alternative<Permanent>(refused[0].outcome));
  CHECK(std::get<Permanent>(refused[0].outcome).auth);
}
