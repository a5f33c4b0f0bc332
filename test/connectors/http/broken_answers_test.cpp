// Answers that a bad network or a bad server breaks: none of them is taken for a success, and none is taken for "nothing was sent".
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "test/connectors/http/support/target_under_test.h"
#include "test/support/http_stub.h"

using namespace engine::model;
using namespace engine::settings;
using namespace test_http;
using test_support::HttpStub;
using test_support::StubAnswer;

namespace {

const char* requests = R"(
requests:
  create: { method: POST, path: /customers, body: fields, id: /id }
  upsert: { method: PUT, path: "/customers/{match.code}", body: fields }
)";

const std::string body = R"({"id":"42","name":"Rossi"})";

std::string with_length(const std::string& headers = {}) {
  return "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string in_chunks() {
  return "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + body.substr(0, 5) + "\r\n" + "15\r\n" + body.substr(5) + "\r\n0\r\n\r\n";
}

/// Nobody but the end of the connection says where it ends.
std::string until_closed() { return "HTTP/1.0 201 Created\r\nContent-Type: application/json\r\n\r\n" + body; }

struct Scene {
  HttpStub stub;
  std::unique_ptr<Target> target = target_of(shipped_connection("webhook", requests), stub.url());

  CallAnswer after(const std::string& raw, CallKind kind, bool byte_by_byte = false) {
    stub.always([=](const auto&) { return StubAnswer{.raw = raw, .byte_by_byte = byte_by_byte}; });
    return answer_to(*target, customer(kind));
  }
};

}  // namespace

TEST_CASE("an answer that is cut after any of its bytes leaves a create uncertain, and has an upsert sent again") {
  Scene scene;
  for (const std::string& whole : {with_length(), in_chunks(), until_closed()}) {
    CAPTURE(whole);
    REQUIRE(whole.size() > body.size());
    const CallAnswer taken = scene.after(whole, CallKind::create);
    CHECK(name_of(taken.outcome) == "delivered");
    // Behind the last chunk's size the body is known to be whole, and so it is without the trailing line.
    const std::size_t needed = whole == in_chunks() ? whole.size() - 4 : whole.size();
    for (std::size_t cut = 1; cut < needed; ++cut) {
      CAPTURE(cut);
      const CallAnswer answer = scene.after(whole.substr(0, cut), CallKind::create);
      CHECK(name_of(answer.outcome) == "uncertain");
      CHECK(answer.any_byte_sent);
    }
  }
  const std::string whole = with_length();
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    CHECK(name_of(scene.after(whole.substr(0, cut), CallKind::upsert).outcome) == "retry_later");
  }
}

TEST_CASE("an answer that trickles in byte by byte, and one with interim answers before it or trailers behind it, is an answer") {
  const std::string chunks = in_chunks();
  const std::string with_trailers = chunks.substr(0, chunks.size() - 2) + "X-Checksum: 1\r\n\r\n";
  for (const std::string& whole : {with_length(), chunks, with_trailers, "HTTP/1.1 100 Continue\r\n\r\n" + with_length(),
                                   "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + with_length()}) {
    CAPTURE(whole);
    Scene scene;  // of its own: the stub closes its connections, and one that was kept would be found closed at times
    CHECK(name_of(scene.after(whole, CallKind::create, true).outcome) == "delivered");
  }
}

TEST_CASE("an answer that only seems to be one leaves a create uncertain") {
  Scene scene;
  const std::string created = "HTTP/1.1 201 Created\r\n";
  const std::vector<std::string> broken{
      "HTTP/1.1 100 Continue\r\n\r\n",                                                   // and nothing after it
      "HTTP/1.1\r\n\r\n" + body,                                                         // no status
      "HTTP/1.1 2O1 Created\r\nContent-Length: 2\r\n\r\n{}",                             // a letter in it
      "HTTP/1.1 -201 Created\r\nContent-Length: 2\r\n\r\n{}",
      "HTTP/9.9 201 Created\r\nContent-Length: 2\r\n\r\n{}",
      "ICY 200 OK\r\n\r\n" + body,                                                       // another protocol
      created + "Content-Length: 26\r\nContent-Length: 2\r\n\r\n" + body.substr(0, 2),   // two lengths, and too little for the first
      created + "Content-Length: 1000\r\n\r\n" + body,                                   // longer than it is
      created + "Content-Length: -1\r\n\r\n",
      created + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body + "\r\n0\r\n\r\n",     // no size of a chunk
      created + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + body,        // one that overflows
      created + "X-Filler: " + std::string(2'000'000, 'x') + "\r\n\r\n" + body,          // a header without end
      created + std::string("X-Zero: a\0b\r\n", 13) + "Content-Length: 26\r\n\r\n" + body,
      created + "Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8b\x08 zipped",  // which nobody asked for
      created + "Content-Length: 2\r\n\r\n[]",                                           // JSON of another shape
      created + "Content-Length: 24\r\n\r\n<html>Welcome</html>    ",
  };
  for (const std::string& each : broken) {
    CAPTURE(each.substr(0, 200));
    const CallAnswer answer = scene.after(each, CallKind::create);
    CHECK(name_of(answer.outcome) == "uncertain");
    CHECK(answer.any_byte_sent);
  }
}

TEST_CASE("a line of headers without end costs no memory to speak of") {
  Scene scene;
  std::string headers;
  for (int i = 0; i < 20'000; ++i) headers += "X-" + std::to_string(i) + ": " + std::string(40, 'x') + "\r\n";
  const CallAnswer answer = scene.after(with_length(headers), CallKind::create);
  CHECK(answer.answer.size() < 10'000);
  CHECK(name_of(answer.outcome) == "uncertain");
}
