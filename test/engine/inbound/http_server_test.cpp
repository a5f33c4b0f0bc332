#include "engine/inbound/http_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/error.h"

using namespace engine;
using namespace engine::inbound;

namespace {

// Sends the bytes and reads until the server closes or `enough` is in the answer.
std::string exchange(std::uint16_t port, const std::string& bytes, const std::string& enough) {
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; answer.find(enough) == std::string::npos && (got = read(client, buffer, sizeof buffer)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  close(client);
  return answer;
}

}  // namespace

TEST_CASE("a request gets the handler's answer, and the connection serves the next one") {
  const HttpServer server("127.0.0.1", 0, [](const HttpRequest& request) {
    return HttpResponse{200, "text/plain", request.method + " " + request.path + " " + request.body};
  });
  const std::string two = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
  const std::string answer = exchange(server.port(), two, "POST /b body");
  CHECK(answer.find("GET /metrics ") != std::string::npos);
  CHECK(answer.find("POST /b body") != std::string::npos);
}

TEST_CASE("a handler that throws answers 500 and the server goes on") {
  const HttpServer server("127.0.0.1", 0, [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("no journal"); });
  for (int i = 0; i < 2; ++i) {
    CHECK(exchange(server.port(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "no journal").starts_with("HTTP/1.1 500"));
  }
}

TEST_CASE("a body beyond the limit is refused without being read to its end") {
  const HttpServer server("127.0.0.1", 0, [](const HttpRequest&) { return HttpResponse{}; });
  const std::string answer =
      exchange(server.port(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n", "too large");
  CHECK(answer.starts_with("HTTP/1.1 413"));
}

TEST_CASE("a port in use is refused with its address") {
  const HttpServer first("127.0.0.1", 0, [](const HttpRequest&) { return HttpResponse{}; });
  const auto second = [&] { HttpServer("127.0.0.1", first.port(), [](const HttpRequest&) { return HttpResponse{}; }); };
  CHECK_THROWS_WITH_AS(second(), doctest::Contains("cannot listen on 127.0.0.1"), Error);
}

TEST_CASE("answers may come later and from another thread, and the server's end waits for them") {
  std::vector<std::thread> later;
  std::string answer;
  {
    auto handler = [&later](const HttpRequest& request, HttpServer::Respond respond) {
      const std::string* name = request.header("x-name");
      later.emplace_back([text = (name != nullptr ? *name : "") + "?" + request.query, respond = std::move(respond)] {
        respond({200, "text/plain", text});
      });
    };
    const HttpServer server("127.0.0.1", 0, std::move(handler), 1000);
    answer = exchange(server.port(), "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-Name: late\r\n\r\n", "late?b=c");
  }
  for (std::thread& thread : later) thread.join();
  CHECK(answer.find("late?b=c") != std::string::npos);
}

TEST_CASE("a server that ends while an answer is still made gives it to nobody and harms nobody") {
  std::promise<HttpServer::Respond> asked;
  std::thread later;
  std::thread client;
  {
    auto handler = [&asked](const HttpRequest&, HttpServer::Respond respond) { asked.set_value(std::move(respond)); };
    const HttpServer server("127.0.0.1", 0, std::move(handler), 1000);
    client = std::thread([port = server.port()] { exchange(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "never"); });
    HttpServer::Respond respond = asked.get_future().get();
    later = std::thread([respond = std::move(respond)] { respond({200, "text/plain", "too late"}); });
  }
  later.join();
  client.join();
}
