// The daemon's HTTP server: small, bounded, for /metrics now.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace engine::inbound {

struct HttpRequest {
  std::string method;
  std::string path;
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Serves on one thread of its own. Requests are bounded: 64 KiB of header, 1 MiB of body, 30 s a request, 256 connections.
class HttpServer {
 public:
  /// `handler` is called on the server's thread and must not block for long; what it throws becomes a 500.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  /// Throws Error environment_missing when the address can't be bound.
  HttpServer(const std::string& host, std::uint16_t port, Handler handler);
  ~HttpServer();

  /// The port bound: differs from the one asked for when that was 0.
  std::uint16_t port() const;

 private:
  class Running;
  std::unique_ptr<Running> running_;
};

}  // namespace engine::inbound
