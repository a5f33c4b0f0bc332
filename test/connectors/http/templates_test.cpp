#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "connectors/http/request/prepared_request.h"
#include "engine/base/error.h"
#include "test/connectors/http/support/target_under_test.h"

using namespace engine::model;
using namespace test_http;
using connectors::http::PreparedRequest;
using connectors::http::thawed;

namespace {

const char* nasty[] = {"a/b",
                       "..",
                       "a?x=1&y=2",
                       "a#b",
                       "100%",
                       "%2F",
                       "C'1\\x",
                       "say \"hi\"",
                       "è € 漢",
                       "a\r\nX-Evil: 1",
                       "{remote_id}",
                       "a b+c",
                       "' OR id > 0 OR Subject='",
                       "\\' OR 1=1"};

PreparedRequest prepared(const std::string& requests, const Call& call) {
  const auto target = target_of(shipped_connection("webhook", requests), "http://127.0.0.1:1");
  return thawed(target->prepare({&call, 1}).request);
}

std::string percent_decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Call with_code(CallKind kind, const std::string& code) {
  Call call = customer(kind);
  call.match = {{"code", text(code)}};
  return call;
}

}  // namespace

TEST_CASE("a value in a path stays one segment, whatever it holds") {
  for (const std::string value : nasty) {
    CAPTURE(value);
    const Call call = with_code(CallKind::upsert, value);
    const std::string requests = "requests: { upsert: { method: PUT, path: \"/c/{match.code}/x\", body: fields } }";
    if (value == "..") {
      CHECK_THROWS_AS(prepared(requests, call), engine::Error);
      continue;
    }
    const std::string url = prepared(requests, call).url;
    CHECK(url.find_first_of("?#&'\" \r\n") == std::string::npos);
    CHECK(std::count(url.begin(), url.end(), '/') == 3);
    CHECK(percent_decoded(url) == "/c/" + value + "/x");
  }
}

TEST_CASE("a value in a query stays one parameter") {
  for (const std::string value : nasty) {
    CAPTURE(value);
    const std::string url =
        prepared("requests: { upsert: { method: PUT, path: /c, query: { code: \"{match}\", z: \"1\" } } }",
                 with_code(CallKind::upsert, value))
            .url;
    CHECK(std::count(url.begin(), url.end(), '&') == 1);
    const std::size_t begin = url.find("code=") + 5;
    CHECK(percent_decoded(url.substr(begin, url.find('&') - begin)) == value);
  }
}

TEST_CASE("a value in a body stays one JSON value, alone and inside a text") {
  for (const std::string value : nasty) {
    CAPTURE(value);
    const auto request = prepared(
        "requests: { upsert: { method: PUT, path: /c, body: { code: \"{match.code}\", about: \"code {match.code}!\" } "
        "} }",
        with_code(CallKind::upsert, value));
    const auto body = boost::json::parse(request.body);
    CHECK(body.at("code").as_string() == value);
    CHECK(body.at("about").as_string() == "code " + value + "!");
    CHECK(body.as_object().size() == 2);
  }
}

TEST_CASE("a value in a TicketSQL string cannot end the string") {
  for (const std::string value : nasty) {
    CAPTURE(value);
    Call call = with_code(CallKind::find, value);
    call.object = "ticket";
    const auto target =
        target_of(shipped_connection("request_tracker", "options: { key_field: ExternalId }"), "http://127.0.0.1:1");
    const std::string url = percent_decoded(thawed(target->prepare({&call, 1}).request).url);
    const std::string start = "/tickets?query=CF.ExternalId='";
    REQUIRE(url.starts_with(start));
    std::string inside;
    std::size_t i = start.size();
    for (; url[i] != '\''; ++i) {
      if (url[i] == '\\') ++i;
      inside += url[i];
    }
    CHECK(i == url.size() - 1);
    CHECK(inside == value);
  }
}

TEST_CASE("a line break in a header value is refused, not sent") {
  const std::string requests = "requests: { upsert: { method: PUT, path: /c, headers: { X-Code: \"{match.code}\" } } }";
  CHECK_THROWS_AS(prepared(requests, with_code(CallKind::upsert, "a\r\nX-Evil: 1")), engine::Error);
  CHECK(prepared(requests, with_code(CallKind::upsert, "a b")).headers.front() ==
        std::pair<std::string, std::string>("X-Code", "a b"));
}

TEST_CASE("an empty value in a path is refused: DELETE /customers/ would not mean one customer") {
  const std::string requests = "requests: { delete: { method: DELETE, path: \"/customers/{match.code}\" } }";
  CHECK_THROWS_WITH_AS(prepared(requests, with_code(CallKind::delete_, "")),
                       doctest::Contains("would address something else"), engine::Error);
  Call call = customer(CallKind::delete_);
  call.match = {{"code", null()}};
  CHECK_THROWS_AS(prepared(requests, call), engine::Error);
}

TEST_CASE("a value that the call lacks is an error that names it") {
  Call call = customer(CallKind::update);
  call.remote_id.reset();
  CHECK_THROWS_WITH_AS(prepared("requests: { update: { method: PUT, path: \"/c/{remote_id}\", body: fields } }", call),
                       doctest::Contains("{remote_id}"), engine::Error);
  CHECK_THROWS_WITH_AS(prepared("requests: { upsert: { method: PUT, path: /c, body: { x: \"{field.nope}\" } } }",
                                customer(CallKind::upsert)),
                       doctest::Contains("{field.nope}"), engine::Error);
  call.match = {{"a", text("1")}, {"b", text("2")}};
  call.remote_id = "1";
  CHECK_THROWS_WITH_AS(prepared("requests: { update: { method: PUT, path: \"/c/{match}\" } }", call),
                       doctest::Contains("2 match fields"), engine::Error);
}

TEST_CASE("values keep their JSON type in a body, and become text by the filter") {
  Call call = customer(CallKind::upsert);
  call.fields = {{"big", number("12345678901234567890.10")},
                 {"flag", FieldScalar(true)},
                 {"list", std::vector<FieldScalar>{std::string("a"), std::int64_t{7}}},
                 {"none", null()},
                 {"whole", FieldScalar(std::int64_t{-3})}};
  const auto request = prepared(
      "requests: { upsert: { method: PUT, path: /c, body: { a: \"{field.big}\", b: \"{field.flag}\", c: "
      "\"{field.list}\", d: \"{field.none}\", e: \"{field.whole|text}\", f: [x, 1.5, null] } } }",
      call);
  CHECK(request.body == R"({"a":12345678901234567890.10,"b":true,"c":["a",7],"d":null,"e":"-3","f":["x",1.5,null]})");
}

TEST_CASE("a template that cannot work is refused when the target is made, with its place") {
  for (const char* path : {"/c/{nonsense}", "/c/{match|nofilter}", "/c/{fields}", "/a b", "/a#b", "/città"}) {
    CAPTURE(path);
    const std::string requests = std::string("requests: { upsert: { method: PUT, path: \"") + path + "\" } }";
    auto connection = shipped_connection("webhook", requests);
    try {
      target_of(connection, "http://127.0.0.1:1");
      FAIL_CHECK("accepted");
    } catch (const engine::Error& problem) {
      CHECK(problem.code() == engine::ErrorCode::config_invalid);
      REQUIRE(!problem.context().empty());
      CHECK(problem.context().front().second.starts_with("connection.yaml:1:"));
    }
  }
  CHECK_THROWS_AS(
      target_of(shipped_connection("webhook", "requests: { upsert: { method: PUT, path: /c } }"), "ftp://x"),
      engine::Error);
  CHECK_THROWS_AS(
      target_of(shipped_connection("webhook", "requests: { upsert: { method: PUT, path: /c } }"), "http://x/?key=1"),
      engine::Error);
}

TEST_CASE("a frozen request survives its text form byte for byte") {
  PreparedRequest request{.method = "POST",
                          .url = "/a?b=%20",
                          .headers = {{"A", "1"}, {"B", "è\"\\"}},
                          .body = "{\"x\":\"\\u0000 \\n\"}\x7f",
                          .expect = R"({"marker":"m"})"};
  const PreparedRequest again = thawed(frozen_text(request));
  CHECK(again.method == request.method);
  CHECK(again.url == request.url);
  CHECK(again.headers == request.headers);
  CHECK(again.body == request.body);
  CHECK(again.expect == request.expect);
  CHECK_THROWS_AS(thawed("{}"), engine::Error);
  CHECK_THROWS_AS(thawed("not json"), engine::Error);
}

TEST_CASE("the same call gives the same bytes, whatever else was prepared before") {
  const char* requests =
      "requests: { create: { method: POST, path: /customers, body: { code: \"{match.code}\", customer: fields } }, "
      "delete: { method: DELETE, path: \"/customers/{match.code}\" } }";
  auto connection = shipped_connection("webhook", requests);
  connection.idempotency_header = "Idempotency-Key";
  const auto target = target_of(connection, "http://127.0.0.1:1");
  const Call call = customer(CallKind::create);
  const std::string first = target->prepare({&call, 1}).request;
  CHECK(first == R"({"method":"POST","url":"/customers","headers":{"Content-Type":"application/json",)"
                 R"("Idempotency-Key":"k-1"},"body":"{\"code\":\"C001\",\"customer\":{\"address\":{\"city\":\"Roma\"},)"
                 R"(\"credit\":1000.00,\"name\":\"Rossi Srl\"}}"})");
  const Call other = customer(CallKind::delete_);
  target->prepare({&other, 1});
  CHECK(target->prepare({&call, 1}).request == first);
}
