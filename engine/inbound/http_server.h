// The daemon's HTTP server: small, bounded, for /metrics and webhooks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine::inbound {

/// A request as it came. Nothing in it was checked.
struct HttpRequest {
  std::string method;
  std::string path;   ///< up to '?'
  std::string query;  ///< behind it, as it came
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};

  /// Names without regard to case; null pointer when it is not there.
  const std::string* header(std::string_view name) const;
};

/// Text, unless it says otherwise.
struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Serves on one thread of its own. Requests are bounded: 64 KiB of header, 30 s a request, 256 connections, 32 MiB of bodies beyond 64 KiB
/// each: the next one gets 503.
class HttpServer {
 public:
  /// Called on the server's thread, must not block for long; what it throws becomes a 500.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  /// To be called once, from any thread, while the server lives or later.
  using Respond = std::function<void(HttpResponse)>;
  /// The same for answers that take a while. Every request given must be answered some time: the server's end waits for it.
  using AsyncHandler = std::function<void(HttpRequest, Respond)>;

  static constexpr std::size_t body_bytes = 1 << 20;

  /// Throws Error environment_missing when the address can't be bound. A body beyond `body_bytes_max` is answered by 413.
  HttpServer(const std::string& host, std::uint16_t port, Handler handler);
  HttpServer(const std::string& host, std::uint16_t port, AsyncHandler handler, std::size_t body_bytes_max);
  ~HttpServer();

  /// The port bound: differs from the one asked for when that was 0.
  std::uint16_t port() const;

 private:
  class Running;
  std::unique_ptr<Running> running_;
};

}  // namespace engine::inbound
