// Tokens of OAuth 2: got once for all, renewed ahead, refused once, and of rotating ones the newest is on disk before it is used.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/secret.h"
#include "connectors/http/auth/token_file.h"
#include "test/connectors/http/support/rehearsal.h"
#include "test/connectors/http/support/target_under_test.h"

using namespace engine::model;
using namespace engine::settings;
using namespace test_http;
using engine::Secret;
using Grant = OAuth2Protocol::Grant;

namespace {

const char* requests = R"(
requests:
  create: { method: POST, path: /customers, body: fields, id: /id }
  upsert: { method: PUT, path: "/customers/{match.code}", body: fields }
)";

TargetConnection connection_with(Grant grant, const std::filesystem::path& folder = "/nowhere") {
  TargetConnection connection = shipped_connection("webhook", requests);
  OAuth2Auth auth;
  auth.protocol = {.grant = grant, .token_url = "https://login.example.com/token", .scope = "crm.write"};
  auth.client_id = "app";
  auth.client_secret = Secret("app-secret");
  auth.user = "ada@example.com";
  auth.password = Secret("pass-word");
  auth.refresh_token = Secret("first-refresh");
  connection.auth = auth;
  connection.tokens.folder = folder / "tokens";
  return connection;
}

/// Gives out access-1, access-2 … with refresh-1, refresh-2 …; takes calls with the newest access token, or any when told.
struct Api {
  int given = 0;
  std::string refused;  ///< the access token that calls are refused with
  std::string expires_in = "1800";
  std::optional<connectors::http::RawAnswer> instead;  ///< of a token

  Rehearsal rehearsal{[this](const connectors::http::Exchange& exchange) -> std::optional<connectors::http::RawAnswer> {
    if (exchange.url.find("/token") != std::string::npos) return instead ? instead : token();
    if (!refused.empty() && header_of(exchange, "Authorization") == "Bearer " + refused) return answer(401, R"({"message":"expired"})");
    return answer(201, R"({"id":"7"})");
  }};

  connectors::http::RawAnswer token() {
    ++given;
    const std::string number = std::to_string(given);
    return answer(200, R"({"access_token":"access-)" + number + R"(","refresh_token":"refresh-)" + number + R"(","token_type":"bearer","expires_in":)" + expires_in + "}");
  }
  std::string last_bearer() const { return header_of(rehearsal.asked("/customers").back(), "Authorization"); }
  std::size_t logins() const { return rehearsal.asked("/token").size(); }
};

std::string outcome_of(Target& target, CallKind kind = CallKind::create) {
  return std::string(name_of(answer_to(target, customer(kind)).outcome));
}

}  // namespace

TEST_CASE("a token is fetched for the first request and serves the others") {
  Api api;
  const auto target = api.rehearsal.target(connection_with(Grant::client_credentials));
  CHECK(outcome_of(*target) == "delivered");
  CHECK(outcome_of(*target) == "delivered");
  CHECK(api.logins() == 1);
  CHECK(api.last_bearer() == "Bearer access-1");
  const auto asked = api.rehearsal.asked("/token").front();
  CHECK(asked.method == "POST");
  CHECK(asked.body == "grant_type=client_credentials&client_id=app&client_secret=app-secret&scope=crm.write");
  CHECK(header_of(asked, "Content-Type") == "application/x-www-form-urlencoded");
}

TEST_CASE("the client's secret stands in a header where the API wants it there") {
  Api api;
  TargetConnection connection = connection_with(Grant::password);
  auto& auth = std::get<OAuth2Auth>(connection.auth);
  auth.protocol.client_in_header = true;
  auth.protocol.parameters = {{"resource", "a b"}};
  const auto target = api.rehearsal.target(connection);
  CHECK(outcome_of(*target) == "delivered");
  const auto asked = api.rehearsal.asked("/token").front();
  CHECK(header_of(asked, "Authorization") == "Basic YXBwOmFwcC1zZWNyZXQ=");
  CHECK(asked.body == "grant_type=password&username=ada%40example.com&password=pass-word&scope=crm.write&resource=a%20b");
}

TEST_CASE("a token is renewed ahead of its end, while the present one is still used") {
  Api api;
  const auto target = api.rehearsal.target(connection_with(Grant::client_credentials));
  CHECK(outcome_of(*target) == "delivered");
  api.rehearsal.clock.advance(1'400'000);
  CHECK(outcome_of(*target) == "delivered");
  CHECK(api.logins() == 1);
  api.rehearsal.clock.advance(150'000);
  SUBCASE("and taken when it is there") {
    CHECK(outcome_of(*target) == "delivered");
    CHECK(outcome_of(*target) == "delivered");
    CHECK(api.logins() == 2);
    CHECK(api.last_bearer() == "Bearer access-2");
  }
  SUBCASE("and a renewal that fails harms nobody before that end") {
    api.instead = answer(503, "");
    CHECK(outcome_of(*target) == "delivered");
    CHECK(outcome_of(*target) == "delivered");
    CHECK(api.logins() == 2);
    api.rehearsal.clock.advance(240'000);
    const CallAnswer late = answer_to(*target, customer(CallKind::create));
    CHECK(name_of(late.outcome) == "retry_later");
    CHECK_FALSE(late.any_byte_sent);
  }
}

TEST_CASE("a token without an end is used until it is refused") {
  Api api;
  api.expires_in = "0";
  const auto target = api.rehearsal.target(connection_with(Grant::client_credentials));
  CHECK(outcome_of(*target) == "delivered");
  api.rehearsal.clock.advance(30 * 86'400'000LL);
  CHECK(outcome_of(*target) == "delivered");
  CHECK(api.logins() == 1);
}

TEST_CASE("a refused token is replaced once, and the call sent again") {
  Api api;
  const auto target = api.rehearsal.target(connection_with(Grant::client_credentials));
  CHECK(outcome_of(*target) == "delivered");
  api.refused = "access-1";
  CHECK(outcome_of(*target) == "delivered");
  CHECK(api.logins() == 2);
  CHECK(api.last_bearer() == "Bearer access-2");
  SUBCASE("a second refusal in a row stops the connection instead of asking on") {
    api.refused = "access-2";
    api.instead = answer(200, R"({"access_token":"access-2"})");
    const CallAnswer refused = answer_to(*target, customer(CallKind::create));
    REQUIRE(std::holds_alternative<Permanent>(refused.outcome));
    CHECK(std::get<Permanent>(refused.outcome).auth);
    CHECK(refused.status == 401);
    CHECK(api.logins() == 3);
  }
}

TEST_CASE("wrong credentials stop the connection and say why, without the account being tried again at once") {
  Api api;
  api.instead = answer(401, R"({"error":"invalid_client","error_description":"app-secret is unknown"})");
  const auto target = api.rehearsal.target(connection_with(Grant::client_credentials));
  const CallAnswer refused = answer_to(*target, customer(CallKind::create));
  REQUIRE(std::holds_alternative<Permanent>(refused.outcome));
  CHECK(std::get<Permanent>(refused.outcome).auth);
  CHECK(std::get<Permanent>(refused.outcome).reason == "the token request is refused: status 401 invalid_client: *** is unknown");
  CHECK_FALSE(refused.any_byte_sent);
  CHECK(outcome_of(*target) == "permanent");
  CHECK(api.logins() == 1);
  api.instead.reset();
  api.rehearsal.clock.advance(10'000);
  CHECK(outcome_of(*target) == "delivered");
}

TEST_CASE("a token endpoint that is ill is tried again later") {
  Api api;
  const auto target = api.rehearsal.target(connection_with(Grant::client_credentials));
  for (const auto& ill : {answer(503, ""), answer(429, ""), lost(), answer(200, "<html>"), answer(400, R"({"error":"temporarily_unavailable"})")}) {
    api.instead = ill;
    const CallAnswer later = answer_to(*target, customer(CallKind::create));
    CHECK(name_of(later.outcome) == "retry_later");
    CHECK_FALSE(later.any_byte_sent);
  }
  CHECK(api.rehearsal.asked("/customers").empty());
}

TEST_CASE("a rotated token is on disk before the access token that came with it is used") {
  TemporaryFolder folder;
  Api api;
  const TargetConnection connection = connection_with(Grant::refresh_token, folder.path());
  const connectors::http::TokenFile file(connection.tokens, connection.name);
  bool kept_in_time = false;
  Rehearsal rehearsal([&](const connectors::http::Exchange& exchange) -> std::optional<connectors::http::RawAnswer> {
    if (exchange.url.find("/token") != std::string::npos) return api.token();
    kept_in_time = file.load().value().refresh_token == "refresh-1";
    return answer(201, R"({"id":"7"})");
  });
  const auto target = rehearsal.target(connection);
  CHECK(outcome_of(*target) == "delivered");
  CHECK(kept_in_time);
  CHECK(rehearsal.asked("/token").front().body.find("refresh_token=first-refresh") != std::string::npos);
  CHECK_FALSE(rehearsal.asked("/token").front().may_repeat);
  struct stat status {};
  REQUIRE(stat(file.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("after a restart the kept tokens go on, and a new first token begins anew") {
  TemporaryFolder folder;
  TargetConnection connection = connection_with(Grant::refresh_token, folder.path());
  Api before;
  CHECK(outcome_of(*before.rehearsal.target(connection)) == "delivered");
  Api after;
  after.given = 1;
  SUBCASE("the access token is still good") {
    const auto target = after.rehearsal.target(connection);
    CHECK(outcome_of(*target) == "delivered");
    CHECK(after.logins() == 0);
    CHECK(after.last_bearer() == "Bearer access-1");
  }
  SUBCASE("it is not any more: the newest refresh token is used") {
    after.rehearsal.clock.advance(1'800'000);
    const auto target = after.rehearsal.target(connection);
    CHECK(outcome_of(*target) == "delivered");
    CHECK(after.rehearsal.asked("/token").front().body.find("refresh_token=refresh-1") != std::string::npos);
  }
  SUBCASE("it is refused: it is not taken from the file again") {
    after.refused = "access-1";
    const auto target = after.rehearsal.target(connection);
    CHECK(outcome_of(*target) == "delivered");
    CHECK(after.last_bearer() == "Bearer access-2");
  }
  SUBCASE("somebody authorised anew") {
    std::get<OAuth2Auth>(connection.auth).refresh_token = Secret("another-refresh");
    const auto target = after.rehearsal.target(connection);
    CHECK(outcome_of(*target) == "delivered");
    CHECK(after.rehearsal.asked("/token").front().body.find("refresh_token=another-refresh") != std::string::npos);
  }
}

TEST_CASE("an ended rotation stops the connection and says what a person has to do") {
  TemporaryFolder folder;
  Api api;
  api.instead = answer(400, R"({"error":"invalid_grant"})");
  const auto target = api.rehearsal.target(connection_with(Grant::refresh_token, folder.path()));
  const CallAnswer refused = answer_to(*target, customer(CallKind::create));
  REQUIRE(std::holds_alternative<Permanent>(refused.outcome));
  CHECK(std::get<Permanent>(refused.outcome).auth);
  CHECK(std::get<Permanent>(refused.outcome).reason.find("authorise this connection anew") != std::string::npos);
}

TEST_CASE("a new token that cannot be written is not used before it is") {
  TemporaryFolder folder;
  Api api;
  const TargetConnection connection = connection_with(Grant::refresh_token, folder.path());
  const auto target = api.rehearsal.target(connection);
  // A folder in the place of the fresh file: neither removed nor opened, whoever runs this.
  std::filesystem::create_directories(connection.tokens.folder / "under_test.new" / "x");
  CHECK(outcome_of(*target) == "retry_later");
  CHECK(outcome_of(*target) == "retry_later");
  CHECK(api.rehearsal.asked("/customers").empty());
  std::filesystem::remove_all(connection.tokens.folder / "under_test.new");
  CHECK(outcome_of(*target) == "delivered");
  CHECK(api.logins() == 1);
  CHECK(connectors::http::TokenFile(connection.tokens, connection.name).load().value().refresh_token == "refresh-1");
}

TEST_CASE("two that share the tokens do not renew them at once, and one takes what the other got") {
  TemporaryFolder folder;
  const TargetConnection connection = connection_with(Grant::refresh_token, folder.path());
  Api api;
  Rehearsal slow([](const connectors::http::Exchange&) { return std::nullopt; });
  const auto daemon = slow.target(connection);
  int delivered = 0;
  const Call call = customer(CallKind::create);
  daemon->send(daemon->prepare({&call, 1}), [&](const std::vector<CallAnswer>& answers) { delivered += name_of(answers[0].outcome) == "delivered"; });
  REQUIRE(slow.waiting() == 1);
  const auto other = api.rehearsal.target(connection);
  const CallAnswer meanwhile = answer_to(*other, call);
  REQUIRE(std::holds_alternative<RetryLater>(meanwhile.outcome));
  CHECK(std::get<RetryLater>(meanwhile.outcome).reason == "another process renews the tokens of this connection right now");
  CHECK(api.logins() == 0);
  slow.answer_waiting(answer(200, R"({"access_token":"theirs","refresh_token":"newer","expires_in":1800})"));
  slow.answer_waiting(answer(201, R"({"id":"7"})"));
  CHECK(delivered == 1);
  CHECK(outcome_of(*other) == "delivered");
  CHECK(api.logins() == 0);
  CHECK(api.last_bearer() == "Bearer theirs");
}

TEST_CASE("tokens are masked for as long as they are used") {
  Api api;
  auto target = api.rehearsal.target(connection_with(Grant::client_credentials));
  CHECK(outcome_of(*target) == "delivered");
  CHECK(engine::redact("seen: access-1 and YWNjZXNzLTE") == "seen: *** and ***");
  target.reset();
  CHECK(engine::redact("seen: access-1") == "seen: access-1");
}

TEST_CASE("jwt_bearer signs who asks for whom, and refuses a key that is none") {
  Api api;
  TargetConnection connection = connection_with(Grant::jwt_bearer);
  CHECK_THROWS_AS(api.rehearsal.target(connection), engine::Error);
}
