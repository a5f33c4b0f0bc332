// Which answer means what, for calls that may and may not be repeated.
#include <doctest/doctest.h>

#include "test/connectors/http/support/target_under_test.h"
#include "test/support/http_stub.h"

using namespace engine::model;
using namespace test_http;
using test_support::HttpStub;
using test_support::StubAnswer;
using Fault = test_support::StubAnswer::Fault;

namespace {

const char* requests = R"(
requests:
  find: { method: GET, path: /customers, query: { code: "{match}" }, items: /items, id: /id, absent: 404 }
  create: { method: POST, path: /customers, body: fields, id: /data/id }
  update: { method: PATCH, path: "/customers/{remote_id}", body: changed_fields }
  upsert: { method: POST, path: "/customers/{match.code}", body: fields }
  delete: { method: DELETE, path: "/customers/{remote_id}", gone: [410] }
  comment: { method: POST, path: "/customers/{remote_id}/notes", body: { note: "{text}" }, marker: { find: "/customers/{remote_id}/notes" } }
)";

struct Api {
  HttpStub stub;
  std::unique_ptr<Target> target = target_of(shipped_connection("webhook", requests), stub.url());

  CallAnswer answer(CallKind kind, StubAnswer scripted) {
    stub.answer({std::move(scripted)});
    return answer_to(*target, customer(kind));
  }
  std::string outcome(CallKind kind, StubAnswer scripted) {
    return std::string(name_of(answer(kind, std::move(scripted)).outcome));
  }
};

const Permanent& permanent(const CallAnswer& answer) {
  REQUIRE(std::holds_alternative<Permanent>(answer.outcome));
  return std::get<Permanent>(answer.outcome);
}

const RetryLater& retry(const CallAnswer& answer) {
  REQUIRE(std::holds_alternative<RetryLater>(answer.outcome));
  return std::get<RetryLater>(answer.outcome);
}

}  // namespace

TEST_CASE("a 2xx is delivered and tells the id where the definition says") {
  Api api;
  const CallAnswer created = api.answer(CallKind::create, {.status = 201, .body = R"({"data":{"id":42}})"});
  REQUIRE(std::holds_alternative<Delivered>(created.outcome));
  CHECK(std::get<Delivered>(created.outcome).remote_id == "42");
  CHECK(created.status == 201);
  CHECK(created.answer == R"({"data":{"id":42}})");
  CHECK(created.any_byte_sent);
  CHECK(api.outcome(CallKind::update, {.status = 204, .body = ""}) == "delivered");
}

TEST_CASE("a create whose answer does not tell the id is uncertain") {
  Api api;
  for (const char* body : {"", "created!", "{\"data\":{}}", "{\"data\":{\"id\":null}}", "[1,2", "<html>"}) {
    CAPTURE(body);
    CHECK(api.outcome(CallKind::create, {.status = 200, .body = body}) == "uncertain");
  }
}

TEST_CASE("5xx and lost answers are uncertain for a call that must not be repeated") {
  Api api;
  for (const int status : {500, 502, 503, 504}) CHECK(api.outcome(CallKind::create, {.status = status}) == "uncertain");
  CHECK(api.outcome(CallKind::create, {.status = 503, .headers = {"Retry-After: 5"}}) == "uncertain");
  CHECK(api.outcome(CallKind::comment, {.status = 500}) == "uncertain");
  CHECK(api.outcome(CallKind::create, {.fault = Fault::cut}) == "uncertain");
  CHECK(api.outcome(CallKind::create, {.fault = Fault::garbage}) == "uncertain");
  CHECK(api.outcome(CallKind::create, {.body = R"({"data":{"id":42}})", .fault = Fault::cut_in_body}) == "uncertain");
  CHECK(api.outcome(CallKind::create, {.body = R"({"data":{"id":42}})", .close = true, .content_length = 500}) ==
        "uncertain");
}

TEST_CASE("5xx and lost answers are tried again for an upsert and for what HTTP calls idempotent") {
  Api api;
  for (const CallKind kind : {CallKind::upsert, CallKind::delete_, CallKind::find}) {
    CHECK(api.outcome(kind, {.status = 500}) == "retry_later");
    // The first cut hits a kept connection, which libcurl answers by asking once more on a new one.
    api.stub.answer({{.fault = Fault::cut}});
    CHECK(api.outcome(kind, {.fault = Fault::cut}) == "retry_later");
  }
  CHECK(retry(api.answer(CallKind::upsert, {.status = 503, .headers = {"Retry-After: 7"}})).after_ms == 7'000);
}

TEST_CASE("429, 408 and 425 are tried again, at the time the target names") {
  Api api;
  const CallAnswer throttled = api.answer(CallKind::create, {.status = 429, .headers = {"retry-after: 3"}});
  CHECK(retry(throttled).after_ms == 3'000);
  CHECK(retry(throttled).throttled);
  CHECK_FALSE(retry(api.answer(CallKind::create, {.status = 408})).throttled);
  CHECK_FALSE(retry(api.answer(CallKind::create, {.status = 425})).after_ms.has_value());
  const CallAnswer past =
      api.answer(CallKind::create, {.status = 429, .headers = {"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"}});
  CHECK(retry(past).after_ms == 0);
  const CallAnswer far =
      api.answer(CallKind::create, {.status = 429, .headers = {"Retry-After: Wed, 21 Oct 2037 07:28:00 GMT"}});
  CHECK(retry(far).after_ms == 86'400'000);
  CHECK_FALSE(
      retry(api.answer(CallKind::create, {.status = 429, .headers = {"Retry-After: soon"}})).after_ms.has_value());
}

TEST_CASE("only 401 says that the credentials are refused") {
  Api api;
  CHECK(permanent(api.answer(CallKind::create, {.status = 401})).auth);
  CHECK_FALSE(permanent(api.answer(CallKind::create, {.status = 403, .body = "no such queue"})).auth);
  CHECK(permanent(api.answer(CallKind::create, {.status = 403, .body = "no such queue"})).reason ==
        "status 403: no such queue");
}

TEST_CASE("404 says missing where a known record was addressed, and nothing where none was") {
  Api api;
  CHECK(permanent(api.answer(CallKind::update, {.status = 404})).missing);
  CHECK(permanent(api.answer(CallKind::comment, {.status = 410})).missing);
  CHECK(permanent(api.answer(CallKind::delete_, {.status = 404})).missing);
  CHECK_FALSE(permanent(api.answer(CallKind::create, {.status = 404})).missing);
  CHECK_FALSE(permanent(api.answer(CallKind::update, {.status = 422})).missing);
}

TEST_CASE("a delete of what is gone is delivered where the definition says so") {
  Api api;
  CHECK(api.outcome(CallKind::delete_, {.status = 410}) == "delivered");
}

TEST_CASE("a redirect is not followed, and its place is told") {
  Api api;
  const CallAnswer answer =
      api.answer(CallKind::create, {.status = 302, .headers = {"Location: http://elsewhere.example/"}});
  CHECK(permanent(answer).reason.find("http://elsewhere.example/") != std::string::npos);
  CHECK(api.stub.requests().size() == 1);
}

TEST_CASE("find tells the ids, none, or that the answer was no answer") {
  Api api;
  CHECK(api.answer(CallKind::find, {.body = R"({"items":[{"id":"7"}]})"}).found == std::vector<std::string>{"7"});
  CHECK(api.answer(CallKind::find, {.body = R"({"items":[{"id":7},{"id":8}]})"}).found ==
        std::vector<std::string>{"7", "8"});
  const CallAnswer none = api.answer(CallKind::find, {.body = R"({"items":[]})"});
  CHECK(std::holds_alternative<Delivered>(none.outcome));
  CHECK(none.found.empty());
  const CallAnswer absent = api.answer(CallKind::find, {.status = 404});
  CHECK(std::holds_alternative<Delivered>(absent.outcome));
  CHECK(absent.found.empty());
  // "Nothing found" must never be read out of an answer that says something else: a second record would be created.
  for (const char* body :
       {"", "<html>login</html>", "{}", "{\"error\":\"busy\"}", R"({"items":[{"name":"without id"}]})"}) {
    CAPTURE(body);
    CHECK(api.outcome(CallKind::find, {.body = body}) == "retry_later");
  }
}

TEST_CASE("a comment is found by its marker") {
  Api api;
  CHECK(api.answer(CallKind::find_comment, {.body = R"([{"note":"Limit [datapicker:k-1]"}])"}).found.size() == 1);
  CHECK(api.answer(CallKind::find_comment, {.body = R"([{"note":"Limit [datapicker:k-11]"}])"}).found.empty());
}

TEST_CASE("rules of the definition speak first, in their order") {
  HttpStub stub;
  const std::string definition = R"(
target: own
objects:
  customer:
    create: { request: { method: POST, path: /c, body: fields }, id: /id }
    update: { request: { method: PUT, path: "/c/{remote_id}", body: fields } }
answers:
  - { call: create, status: 409, class: duplicate }
  - { status: 200, body_matches: '"success" *: *false', class: permanent }
  - { call: update, status: 2xx, body_matches: "ignored", class: partial }
  - { status: 520-529, class: retry, after: { header: X-Wait-Minutes, unit: 1m } }
  - { status: 404, class: missing }
  - { status: 418, class: auth }
  - { status: 503, class: uncertain }
)";
  const auto target = target_of(connection_from(definition, "{}"), stub.url());
  const auto ask = [&](CallKind kind, StubAnswer scripted) {
    stub.answer({std::move(scripted)});
    return answer_to(*target, customer(kind));
  };
  const CallAnswer known = ask(CallKind::create, {.status = 409, .body = R"({"id":5})"});
  REQUIRE(std::holds_alternative<Duplicate>(known.outcome));
  CHECK(std::get<Duplicate>(known.outcome).remote_id == "5");
  CHECK(name_of(ask(CallKind::update, {.status = 409}).outcome) == "permanent");
  CHECK(name_of(ask(CallKind::create, {.status = 200, .body = R"({"success": false})"}).outcome) == "permanent");
  CHECK(name_of(ask(CallKind::update, {.status = 202, .body = "name ignored"}).outcome) == "partial");
  CHECK(retry(ask(CallKind::create, {.status = 525, .headers = {"x-wait-minutes: 2"}})).after_ms == 120'000);
  CHECK(permanent(ask(CallKind::create, {.status = 404})).missing);
  CHECK(permanent(ask(CallKind::create, {.status = 418})).auth);
  CHECK(name_of(ask(CallKind::create, {.status = 503}).outcome) == "uncertain");
  // A PUT to a known id does no harm twice: uncertainty costs nothing there.
  CHECK(name_of(ask(CallKind::update, {.status = 503}).outcome) == "retry_later");
}

TEST_CASE("repeat_safe of the connection makes a lost create retryable") {
  HttpStub stub;
  const auto target = target_of(shipped_connection("webhook", std::string("repeat_safe: true") + requests), stub.url());
  stub.answer({{.fault = Fault::cut}});
  CHECK(name_of(answer_to(*target, customer(CallKind::create)).outcome) == "retry_later");
}
