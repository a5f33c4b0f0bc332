#include "engine/inbound/http_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/error.h"

using namespace engine;
using namespace engine::inbound;

namespace {

int connected(std::uint16_t port) {
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return client;
}

// Sends the bytes and reads until the server closes or `enough` is in the answer.
std::string ask(int client, const std::string& bytes, const std::string& enough) {
  REQUIRE(send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; answer.find(enough) == std::string::npos && (got = read(client, buffer, sizeof buffer)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  close(client);
  return answer;
}

std::string exchange(std::uint16_t port, const std::string& bytes, const std::string& enough) {
  return ask(connected(port), bytes, enough);
}

/// While it lives no descriptor can be had: those below the lowest free one are taken, and the limit stands there.
class NoDescriptors {
 public:
  NoDescriptors() {
    const int lowest_free = dup(STDIN_FILENO);
    REQUIRE(lowest_free >= 0);
    close(lowest_free);
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit none{static_cast<rlim_t>(lowest_free), before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// What is written to stderr while it lives.
class Stderr {
 public:
  Stderr() : file_(std::tmpfile()), before_(dup(STDERR_FILENO)) { REQUIRE(dup2(fileno(file_), STDERR_FILENO) >= 0); }
  ~Stderr() {
    dup2(before_, STDERR_FILENO);
    close(before_);
    std::fclose(file_);
  }
  std::string text() const {
    std::string bytes(65'536, '\0');
    const ssize_t got = pread(fileno(file_), bytes.data(), bytes.size(), 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }

 private:
  std::FILE* file_;
  int before_;
};

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

TEST_CASE("large bodies share a bounded room: the next one is told to come later, and small ones always find theirs") {
  HttpServer server(
      "127.0.0.1", 0, [](const HttpRequest& request, const HttpServer::Respond& respond) { respond({.body = std::to_string(request.body.size())}); },
      std::size_t{3} << 20);
  const std::string body(std::size_t{3} << 20, 'x');
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  std::vector<pollfd> begun;
  for (int i = 0; i < 11; ++i) {
    begun.push_back({connected(server.port()), POLLIN, 0});
    REQUIRE(send(begun.back().fd, head.data(), head.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(head.size()));
  }
  REQUIRE(poll(begun.data(), begun.size(), -1) == 1);
  const auto refused = std::ranges::find_if(begun, [](const pollfd& each) { return each.revents != 0; });
  CHECK(ask(refused->fd, "", "\r\n\r\n").starts_with("HTTP/1.1 503"));
  begun.erase(refused);
  CHECK(exchange(server.port(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", "\r\n\r\n2").starts_with("HTTP/1.1 200"));
  CHECK(ask(begun.back().fd, body, "3145728").starts_with("HTTP/1.1 200"));
  begun.pop_back();
  CHECK(exchange(server.port(), head + body, "3145728").starts_with("HTTP/1.1 200"));
  for (const pollfd& each : begun) close(each.fd);
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

TEST_CASE("connections that end while their answers come from other threads free their places") {
  std::vector<std::thread> later;
  {
    auto handler = [&later](const HttpRequest& request, HttpServer::Respond respond) {
      later.emplace_back([path = request.path, respond = std::move(respond)] { respond({200, "text/plain", path}); });
    };
    const HttpServer server("127.0.0.1", 0, std::move(handler), 1000);
    // More than it serves at once.
    for (int i = 0; i < 300; ++i) {
      const std::string path = "/" + std::to_string(i);
      CHECK(exchange(server.port(), "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "\r\n\r\n" + path).ends_with(path));
    }
  }
  for (std::thread& thread : later) thread.join();
}

TEST_CASE("a server out of descriptors says so once, and serves who waited when there are some again") {
  const HttpServer server("127.0.0.1", 0, [](const HttpRequest&) { return HttpResponse{200, "text/plain", "served"}; });
  const Stderr said;
  int client = -1;
  {
    const int place = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const NoDescriptors none;
    close(place);
    client = connected(server.port());
    while (said.text().find("http.accept_failed") == std::string::npos) std::this_thread::yield();
  }
  CHECK(ask(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "served").ends_with("served"));
  const std::string text = said.text();
  CHECK(text.find("http.accept_failed") == text.rfind("http.accept_failed"));
}
