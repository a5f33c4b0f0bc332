// Logins as data: their requests, what they give to later ones, who shares them, and when they are made anew.
#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/base/secret.h"
#include "test/connectors/http/support/rehearsal.h"
#include "test/connectors/http/support/target_under_test.h"

using namespace engine::model;
using namespace engine::settings;
using namespace test_http;
using engine::Secret;

namespace {

const char* definition = R"(target: crm
auth:
  credentials: { user: shown, access_key: secret, app_token: optional }
  derive: { proof: { md5: "{auth.challenge}{auth.access_key}" } }
  login:
    - request:
        method: GET
        path: /login
        query: { operation: getchallenge, username: "{auth.user}", app: "{auth.app_token}" }
      keep: { challenge: /result/token }
    - request: { method: POST, path: /login, form: { operation: login, username: "{auth.user}", accessKey: "{auth.proof}" } }
      keep: { session: /result/sessionName, uid: /result/uid }
  send: { headers: { Session: "{auth.session}", App-Token: "{auth.app_token}" } }
  idle: 10m
  life: 2h
objects:
  customer:
    create: { request: { method: POST, path: /customers, body: { by: "{auth.uid}", record: fields } }, id: /id }
    update: { request: { method: PUT, path: "/customers/{remote_id}", form: { operation: revise, element: changed_fields } } }
answers:
  - { status: 200, body_matches: "SESSION_EXPIRED", class: auth }
)";

struct Api {
  int sessions = 0;
  std::string expired;  ///< a session that calls are refused with
  std::optional<connectors::http::RawAnswer> instead;
  bool waits = false;  ///< logins are answered by hand

  Rehearsal rehearsal{[this](const connectors::http::Exchange& exchange) -> std::optional<connectors::http::RawAnswer> {
    if (exchange.url.find("getchallenge") != std::string::npos) return answer(200, R"({"success":true,"result":{"token":"4f3"}})");
    if (exchange.url.find("/login") != std::string::npos) {
      if (waits) return std::nullopt;
      return instead ? *instead : session();
    }
    if (!expired.empty() && header_of(exchange, "Session") == expired) return answer(200, R"({"error":"SESSION_EXPIRED"})");
    return answer(200, R"({"id":"7"})");
  }};

  connectors::http::RawAnswer session() {
    return answer(200, R"({"result":{"uid":12,"sessionName":"session-)" + std::to_string(++sessions) + R"("}})");
  }
  std::size_t logins() const { return rehearsal.asked("getchallenge").size(); }
};

TargetConnection connection() {
  TargetConnection made = connection_from(definition, "{}");
  made.auth = CredentialsAuth{{{"user", "admin"}}, {{"access_key", Secret("accesskey")}}};
  return made;
}

std::string outcome_of(Target& target, CallKind kind = CallKind::create) {
  return std::string(name_of(answer_to(target, customer(kind)).outcome));
}

}  // namespace

TEST_CASE("a session is opened as the definition says, and joins the requests") {
  Api api;
  const auto target = api.rehearsal.target(connection());
  CHECK(outcome_of(*target) == "delivered");
  CHECK(outcome_of(*target) == "delivered");
  CHECK(api.logins() == 1);
  const auto logins = api.rehearsal.asked("/login");
  REQUIRE(logins.size() == 2);
  CHECK(logins[0].url == "https://crm.example.com/login?operation=getchallenge&username=admin");
  CHECK(logins[1].body == "operation=login&username=admin&accessKey=9fd12e5e86ba873bb2c33f8f25199908");
  const auto call = api.rehearsal.asked("/customers").back();
  CHECK(header_of(call, "Session") == "session-1");
  CHECK(header_of(call, "App-Token").empty());
  CHECK(call.body == R"({"by":12,"record":{"address":{"city":"Roma"},"credit":1000.00,"name":"Rossi Srl"}})");
  CHECK(engine::redact("session-1 accesskey 9fd12e5e86ba873bb2c33f8f25199908 admin") == "*** *** *** admin");
}

TEST_CASE("an optional credential that is given joins where it is named") {
  Api api;
  TargetConnection with_token = connection();
  std::get<CredentialsAuth>(with_token.auth).secret.emplace("app_token", Secret("the app"));
  const auto target = api.rehearsal.target(with_token);
  CHECK(outcome_of(*target) == "delivered");
  CHECK(api.rehearsal.asked("/login")[0].url.find("?app=the%20app&") != std::string::npos);
  CHECK(header_of(api.rehearsal.asked("/customers").back(), "App-Token") == "the app");
}

TEST_CASE("what is frozen holds no credential, and no field can ask for one") {
  Api api;
  const auto target = api.rehearsal.target(connection());
  Call call = customer(CallKind::create);
  call.fields = {{"name", text("\t\"{auth.access_key}\"")}, {"note", text("{auth.session}")}};
  const PreparedCall prepared = target->prepare({&call, 1});
  CHECK(prepared.request.find("session-") == std::string::npos);
  CHECK(prepared.request.find(R"({\"by\":\t\"{auth.uid}\",)") != std::string::npos);
  PreparedCall after_restart = prepared;
  after_restart.ready.reset();
  for (const PreparedCall& sent : {prepared, after_restart}) {
    answers_to(*target, sent);
    CHECK(api.rehearsal.asked("/customers").back().body ==
          R"({"by":12,"record":{"name":"\t\"{auth.access_key}\"","note":"{auth.session}"}})");
  }
}

TEST_CASE("many requests wait for one login") {
  Api api;
  api.waits = true;
  const auto target = api.rehearsal.target(connection());
  const Call call = customer(CallKind::create);
  int delivered = 0;
  for (int i = 0; i < 20; ++i) {
    target->send(target->prepare({&call, 1}), [&](const std::vector<CallAnswer>& answers) { delivered += name_of(answers[0].outcome) == "delivered"; });
  }
  CHECK(api.logins() == 1);
  CHECK(delivered == 0);
  api.rehearsal.answer_waiting(api.session());
  CHECK(delivered == 20);
  CHECK(api.rehearsal.asked("/customers").size() == 20);
}

TEST_CASE("when the target stops during a login, everybody who waits is answered, and nothing was sent") {
  Api api;
  api.waits = true;
  const auto target = api.rehearsal.target(connection());
  const Call call = customer(CallKind::create);
  std::vector<CallAnswer> answers;
  target->send(target->prepare({&call, 1}), [&](std::vector<CallAnswer> got) { answers = std::move(got); });
  target->stop();
  REQUIRE(answers.size() == 1);
  CHECK(name_of(answers[0].outcome) == "retry_later");
  CHECK_FALSE(answers[0].any_byte_sent);
}

TEST_CASE("an expired session is opened anew once, and the refused call is sent again") {
  Api api;
  const auto target = api.rehearsal.target(connection());
  CHECK(outcome_of(*target) == "delivered");
  api.expired = "session-1";
  CHECK(outcome_of(*target) == "delivered");
  CHECK(api.logins() == 2);
  CHECK(api.rehearsal.asked("/customers").size() == 3);
  SUBCASE("when the new one is refused as well, the connection stops") {
    api.expired = "session-2";
    api.instead = answer(200, R"({"result":{"uid":12,"sessionName":"session-2"}})");
    const CallAnswer refused = answer_to(*target, customer(CallKind::create));
    REQUIRE(std::holds_alternative<Permanent>(refused.outcome));
    CHECK(std::get<Permanent>(refused.outcome).auth);
    CHECK(api.logins() == 3);
  }
  SUBCASE("when the login fails meanwhile, the call is known to be unapplied") {
    api.expired = "session-2";
    api.instead = answer(503, "");
    const CallAnswer later = answer_to(*target, customer(CallKind::create));
    CHECK(name_of(later.outcome) == "retry_later");
    CHECK_FALSE(later.any_byte_sent);
  }
}

TEST_CASE("requests that were refused with one session share the next one") {
  Api api;
  std::deque<connectors::http::Exchange> calls;
  Rehearsal rehearsal([&](const connectors::http::Exchange& exchange) -> std::optional<connectors::http::RawAnswer> {
    if (exchange.url.find("getchallenge") != std::string::npos) return answer(200, R"({"result":{"token":"4f3"}})");
    if (exchange.url.find("/login") != std::string::npos) return api.session();
    if (header_of(exchange, "Session") == "session-2") return answer(200, R"({"id":"7"})");
    return std::nullopt;
  });
  const auto target = rehearsal.target(connection());
  const Call call = customer(CallKind::create);
  int delivered = 0;
  for (int i = 0; i < 5; ++i) {
    target->send(target->prepare({&call, 1}), [&](const std::vector<CallAnswer>& answers) { delivered += name_of(answers[0].outcome) == "delivered"; });
  }
  REQUIRE(rehearsal.waiting() == 5);
  for (int i = 0; i < 5; ++i) rehearsal.answer_waiting(answer(200, R"({"error":"SESSION_EXPIRED"})"));
  CHECK(delivered == 5);
  CHECK(rehearsal.asked("getchallenge").size() == 2);
}

TEST_CASE("a lost answer is never followed by a second sending, session or not") {
  Api api;
  const auto target = api.rehearsal.target(connection());
  CHECK(outcome_of(*target) == "delivered");
  Rehearsal silent([&](const connectors::http::Exchange& exchange) -> std::optional<connectors::http::RawAnswer> {
    if (exchange.url.find("getchallenge") != std::string::npos) return answer(200, R"({"result":{"token":"4f3"}})");
    if (exchange.url.find("/login") != std::string::npos) return api.session();
    return lost();
  });
  const auto unlucky = silent.target(connection());
  CHECK(outcome_of(*unlucky) == "uncertain");
  CHECK(silent.asked("/customers").size() == 1);
}

TEST_CASE("a session is not used beyond its life, nor after it was idle for long") {
  Api api;
  const auto target = api.rehearsal.target(connection());
  CHECK(outcome_of(*target) == "delivered");
  SUBCASE("idle") {
    api.rehearsal.clock.advance(599'000);
    CHECK(outcome_of(*target) == "delivered");
    api.rehearsal.clock.advance(599'000);
    CHECK(outcome_of(*target) == "delivered");
    CHECK(api.logins() == 1);
    api.rehearsal.clock.advance(600'000);
    CHECK(outcome_of(*target) == "delivered");
    CHECK(api.logins() == 2);
  }
  SUBCASE("old") {
    for (int minutes = 0; minutes < 120; minutes += 5) {
      api.rehearsal.clock.advance(300'000);
      CHECK(outcome_of(*target) == "delivered");
    }
    CHECK(api.logins() == 2);
  }
}

TEST_CASE("a refused login stops the connection and shows what the target said, without the credentials") {
  Api api;
  api.instead = answer(200, R"({"success":false,"error":{"code":"INVALID_USER_CREDENTIALS","message":"accesskey is wrong"}})");
  const auto target = api.rehearsal.target(connection());
  const CallAnswer refused = answer_to(*target, customer(CallKind::create));
  REQUIRE(std::holds_alternative<Permanent>(refused.outcome));
  CHECK(std::get<Permanent>(refused.outcome).auth);
  CHECK(std::get<Permanent>(refused.outcome).reason ==
        R"(the login is refused: status 200: {"success":false,"error":{"code":"INVALID_USER_CREDENTIALS","message":"*** is wrong"}})");
  CHECK(refused.answer.empty());
  CHECK(api.rehearsal.asked("/customers").empty());
}

TEST_CASE("credentials without a login join the requests by themselves") {
  TargetConnection made = connection_from(R"(target: desk
auth:
  credentials: { email: shown, api_token: secret }
  derive: { pair: { base64: "{auth.email}/token:{auth.api_token}" } }
  send: { headers: { Authorization: "Basic {auth.pair}" }, query: { via: "{auth.email}" } }
objects: { customer: { create: { request: { method: POST, path: /customers, body: fields }, id: /id } } }
)", "{}");
  made.auth = CredentialsAuth{{{"email", "ada@example.com"}}, {{"api_token", Secret("secret-token")}}};
  Api api;
  const auto target = api.rehearsal.target(made);
  CHECK(outcome_of(*target) == "delivered");
  const auto call = api.rehearsal.asked("/customers").back();
  CHECK(call.url == "https://crm.example.com/customers?via=ada%40example.com");
  CHECK(header_of(call, "Authorization") == "Basic YWRhQGV4YW1wbGUuY29tL3Rva2VuOnNlY3JldC10b2tlbg==");
}

TEST_CASE("a key in the query joins it") {
  TargetConnection made = connection_from("target: desk\nobjects: { customer: { create: { request: { method: POST, path: /customers, query: { a: b }, body: fields }, id: /id } } }\n", "{}");
  made.auth = QueryAuth{"api key", Secret("s&cret")};
  Api api;
  const auto target = api.rehearsal.target(made);
  CHECK(outcome_of(*target) == "delivered");
  CHECK(api.rehearsal.asked("/customers").back().url == "https://crm.example.com/customers?a=b&api%20key=s%26cret");
}

TEST_CASE("a form is encoded, with records as JSON inside") {
  Api api;
  const auto target = api.rehearsal.target(connection());
  CHECK(outcome_of(*target, CallKind::update) == "delivered");
  const auto call = api.rehearsal.asked("/customers/42").back();
  CHECK(call.body == "operation=revise&element=%7B%22credit%22%3A1000.00%7D");
  CHECK(header_of(call, "Content-Type") == "application/x-www-form-urlencoded");
}

TEST_CASE("what a login cannot give is refused when the definition is loaded") {
  Api api;
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string text = definition;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    TargetConnection made = connection_from(text, "{}");
    made.auth = connection().auth;
    std::string problem;
    try {
      api.rehearsal.target(made);
    } catch (const engine::Error& error) {
      problem = error.what();
    }
    return problem;
  };
  CHECK(refused("Session: \"{auth.session}\"", "Session: \"{auth.sesion}\"") == "nothing gives {auth.sesion} here");
  CHECK(refused("username: \"{auth.user}\", app", "username: \"{auth.uid}\", app") == "nothing gives {auth.uid} here");
  CHECK(refused("\"{auth.challenge}{auth", "\"{auth.chalenge}{auth") == "nothing gives {auth.proof} here");
  CHECK(refused("\"/customers/{remote_id}\"", "\"/customers/{auth.uid}\"").find("auth.send") != std::string::npos);
  CHECK(refused("by: \"{auth.uid}\"", "by: \"user {auth.uid}\"").find("auth.send") != std::string::npos);
  CHECK(refused("by: \"{auth.uid}\"", "by: \"{auth.other}\"") == "'create' of 'customer' needs {auth.other}, which its login does not give");
}
