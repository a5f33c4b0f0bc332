// What happens on the wire: nothing twice, nothing without a bound, no secret where it does not belong.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <future>

#include "engine/base/text/base64.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "test/connectors/http/support/target_under_test.h"
#include "test/support/http_stub.h"

using namespace engine::model;
using namespace engine::settings;
using namespace test_http;
using test_support::HttpStub;
using test_support::StubAnswer;
using Fault = test_support::StubAnswer::Fault;

namespace {

const char* requests = R"(
requests:
  create: { method: POST, path: /customers, body: fields, id: /id }
  upsert: { method: PUT, path: "/customers/{match.code}", body: fields }
  find: { method: GET, path: /customers, items: /items, id: /id }
)";

TargetConnection webhook() { return shipped_connection("webhook", requests); }

StubAnswer created() { return {.status = 201, .body = R"({"id":"1"})"}; }

/// A port on which nobody listens: taken from a stub that has ended.
std::string closed_url() { return HttpStub().url(); }

}  // namespace

TEST_CASE("connections are kept and used again") {
  HttpStub stub;
  const auto target = target_of(webhook(), stub.url());
  for (int i = 0; i < 5; ++i) answer_to(*target, customer(CallKind::upsert));
  CHECK(stub.requests().size() == 5);
  CHECK(stub.connections() == 1);
}

TEST_CASE("a create is never sent again behind our back when a kept connection is closed without an answer") {
  HttpStub stub;
  stub.answer({created(), {.fault = Fault::cut}});
  stub.always([](const auto&) { return created(); });
  const auto target = target_of(webhook(), stub.url());
  CHECK(name_of(answer_to(*target, customer(CallKind::create)).outcome) == "delivered");
  const CallAnswer lost = answer_to(*target, customer(CallKind::create));
  CHECK(name_of(lost.outcome) == "uncertain");
  CHECK(lost.any_byte_sent);
  CHECK(stub.requests().size() == 2);
}

TEST_CASE("a server that closes idle connections costs no attempt where repeating does no harm") {
  HttpStub stub;
  stub.answer({{}, {.fault = Fault::cut}});
  const auto target = target_of(webhook(), stub.url());
  answer_to(*target, customer(CallKind::upsert));
  Call other = customer(CallKind::upsert);
  other.match["code"] = FieldScalar(std::string("C002"));
  CHECK(name_of(answer_to(*target, other).outcome) == "delivered");
  CHECK(stub.requests().size() == 3);
  CHECK(stub.last().target == "/customers/C002");
}

TEST_CASE("where nobody listens, nothing was sent and it is tried later") {
  const auto target = target_of(webhook(), closed_url());
  const CallAnswer answer = answer_to(*target, customer(CallKind::create));
  CHECK(name_of(answer.outcome) == "retry_later");
  CHECK_FALSE(answer.any_byte_sent);
  CHECK(answer.status == 0);
}

TEST_CASE("an unknown host and a proxy that is down sent nothing either") {
  const auto unknown = target_of(webhook(), "http://no-such-host.invalid");
  CHECK_FALSE(answer_to(*unknown, customer(CallKind::create)).any_byte_sent);
  HttpStub stub;
  TargetConnection connection = webhook();
  connection.proxy = closed_url();
  const auto proxied = target_of(connection, stub.url());
  CHECK_FALSE(answer_to(*proxied, customer(CallKind::create)).any_byte_sent);
  CHECK(stub.requests().empty());
}

TEST_CASE("a stalled answer ends at the time limit: uncertain for a create, retried for an upsert") {
  HttpStub stub;
  stub.always([](const auto&) { return StubAnswer{.fault = Fault::stall}; });
  TargetConnection connection = webhook();
  connection.timeout_ms = 300;
  const auto target = target_of(connection, stub.url());
  const CallAnswer answer = answer_to(*target, customer(CallKind::create));
  CHECK(name_of(answer.outcome) == "uncertain");
  CHECK(answer.any_byte_sent);
  CHECK(answer.duration_ms >= 250);
  CHECK(name_of(answer_to(*target, customer(CallKind::upsert)).outcome) == "retry_later");
}

TEST_CASE("an answer without end is cut off") {
  HttpStub stub;
  stub.always([](const auto&) { return StubAnswer{.body = std::string(5'000'000, 'x')}; });
  const auto target = target_of(webhook(), stub.url());
  const CallAnswer answer = answer_to(*target, customer(CallKind::create));
  REQUIRE(std::holds_alternative<Uncertain>(answer.outcome));
  CHECK(std::get<Uncertain>(answer.outcome).reason.find("larger than") != std::string::npos);
  CHECK(answer.answer.size() < 10'000);
}

TEST_CASE("what is kept of an answer is bounded, valid UTF-8") {
  HttpStub stub;
  stub.answer({{.status = 400, .body = std::string("bad \xff\xc3 byte ") + std::string(20'000, 'x')}});
  const CallAnswer answer = answer_to(*target_of(webhook(), stub.url()), customer(CallKind::upsert));
  CHECK(answer.answer.starts_with("bad \xEF\xBF\xBD\xEF\xBF\xBD byte xxx"));
  CHECK(answer.answer.size() < 9'000);
  CHECK(answer.answer.ends_with("…"));
}

TEST_CASE("credentials reach the server, and neither the frozen request nor the kept answer") {
  HttpStub stub;
  stub.always([](const auto& request) {
    return StubAnswer{.status = 400,
                      .body = "you sent " + request.header("Authorization") + request.header("X-Api-Key")};
  });
  const std::pair<Auth, std::string> ways[] = {
      {BearerAuth{engine::Secret("bearer-secret-1")}, "Bearer bearer-secret-1"},
      {BasicAuth{"user", engine::Secret("basic-secret-2")}, "Basic " + engine::base64("user:basic-secret-2")},
      {HeaderAuth{"X-Api-Key", engine::Secret("header-secret-3")}, "header-secret-3"},
  };
  for (const auto& [auth, expected] : ways) {
    TargetConnection connection = webhook();
    connection.auth = auth;
    const auto target = target_of(connection, stub.url());
    const Call call = customer(CallKind::create);
    const PreparedCall prepared = target->prepare({&call, 1});
    const CallAnswer answer = answers_to(*target, prepared).front();
    CHECK(stub.last().header("Authorization") + stub.last().header("X-Api-Key") == expected);
    const std::string secret = expected.substr(expected.find(' ') + 1);
    CHECK(prepared.request.find(secret) == std::string::npos);
    CHECK(answer.answer.find(secret) == std::string::npos);
    CHECK(answer.answer.find("***") != std::string::npos);
    CHECK(std::get<Permanent>(answer.outcome).reason.find(secret) == std::string::npos);
  }
}

TEST_CASE("the signature covers the bytes that are sent") {
  HttpStub stub;
  TargetConnection connection = webhook();
  connection.sign = SignRule{.header = "X-Signature", .prefix = "sha256=", .secret = engine::Secret("shop-key-0123")};
  const auto target = target_of(connection, stub.url());
  Call call = customer(CallKind::upsert);
  call.fields["note"] = text("è \"quoted\" \\ \n");
  answer_to(*target, call);
  const auto sent = stub.last();
  CHECK(sent.header("X-Signature") == "sha256=" + engine::hex(engine::hmac_sha256("shop-key-0123", sent.body)));
  const Call find = customer(CallKind::find);
  stub.answer({{.body = R"({"items":[]})"}});
  answer_to(*target, find);
  CHECK(stub.last().header("X-Signature") == "sha256=" + engine::hex(engine::hmac_sha256("shop-key-0123", "")));
}

TEST_CASE("a request carries its key, its content type and who sends it") {
  HttpStub stub;
  TargetConnection connection = webhook();
  connection.idempotency_header = "Idempotency-Key";
  const auto target = target_of(connection, stub.url() + "/base");
  answer_to(*target, customer(CallKind::upsert));
  const auto sent = stub.last();
  CHECK(sent.target == "/base/customers/C001");
  CHECK(sent.header("Idempotency-Key") == "k-1");
  CHECK(sent.header("Content-Type") == "application/json");
  CHECK(sent.header("User-Agent").starts_with("datapicker/"));
  CHECK(sent.header("Expect").empty());
  CHECK(sent.body == R"({"address":{"city":"Roma"},"credit":1000.00,"name":"Rossi Srl"})");
  stub.answer({{.body = R"({"items":[]})"}});
  answer_to(*target, customer(CallKind::find));
  CHECK(stub.last().method == "GET");
  CHECK(stub.last().header("Idempotency-Key").empty());
  CHECK(stub.last().header("Content-Type").empty());
}

TEST_CASE("many calls run at once, no more than the limit, and each is answered once") {
  HttpStub stub;
  TargetConnection connection = webhook();
  connection.limits.in_flight = 4;
  const auto target = target_of(connection, stub.url());
  const Call call = customer(CallKind::upsert);
  const PreparedCall prepared = target->prepare({&call, 1});
  constexpr int calls = 300;
  std::atomic<int> left = calls;
  std::promise<void> done;
  for (int i = 0; i < calls; ++i) {
    target->send(prepared, [&](std::vector<CallAnswer> answers) {
      CHECK(name_of(answers.front().outcome) == "delivered");
      if (--left == 0) done.set_value();
    });
  }
  REQUIRE(done.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  CHECK(stub.requests().size() == calls);
  CHECK(stub.connections() <= 4);
}

TEST_CASE("no request waits for another one's answer, not even the first ones") {
  HttpStub stub;
  stub.always([](const auto&) { return StubAnswer{.fault = Fault::stall}; });
  TargetConnection connection = webhook();
  connection.timeout_ms = 1'000;
  const auto target = target_of(connection, stub.url());
  const Call call = customer(CallKind::create);
  const PreparedCall prepared = target->prepare({&call, 1});
  std::vector<std::promise<CallAnswer>> answers(4);
  for (auto& answer : answers) target->send(prepared, [&answer](std::vector<CallAnswer> given) { answer.set_value(given.front()); });
  for (auto& answer : answers) CHECK(answer.get_future().get().any_byte_sent);
  CHECK(stub.requests().size() == 4);
}

TEST_CASE("stop answers everything: what was under way as lost, what waited as not sent") {
  HttpStub stub;
  std::promise<void> received;
  stub.always([&](const auto&) {
    received.set_value();
    return StubAnswer{.fault = Fault::stall};
  });
  TargetConnection connection = webhook();
  connection.limits.in_flight = 1;
  const auto target = target_of(connection, stub.url());
  const Call call = customer(CallKind::create);
  const PreparedCall prepared = target->prepare({&call, 1});
  std::vector<CallAnswer> answers;
  for (int i = 0; i < 3; ++i) {
    target->send(prepared, [&](std::vector<CallAnswer> answer) { answers.push_back(answer.front()); });
  }
  received.get_future().wait();
  target->stop();
  REQUIRE(answers.size() == 3);
  CHECK(name_of(answers[0].outcome) == "uncertain");
  CHECK(answers[0].any_byte_sent);
  for (int i : {1, 2}) {
    CHECK(name_of(answers[i].outcome) == "retry_later");
    CHECK_FALSE(answers[i].any_byte_sent);
  }
}

TEST_CASE("proxies of the environment are not used") {
  setenv("http_proxy", closed_url().c_str(), 1);
  setenv("all_proxy", closed_url().c_str(), 1);
  HttpStub stub;
  CHECK(name_of(answer_to(*target_of(webhook(), stub.url()), customer(CallKind::upsert)).outcome) == "delivered");
  unsetenv("http_proxy");
  unsetenv("all_proxy");
}

TEST_CASE("a proxy of the connection gets the request") {
  HttpStub proxy;
  TargetConnection connection = webhook();
  connection.proxy = proxy.url();
  const auto target = target_of(connection, "http://shop.invalid");
  CHECK(name_of(answer_to(*target, customer(CallKind::upsert)).outcome) == "delivered");
  CHECK(proxy.last().target == "http://shop.invalid/customers/C001");
}
