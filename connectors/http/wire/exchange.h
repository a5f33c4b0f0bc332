// One request on the wire and what came back, before anybody judges it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace connectors::http {

/// What came, or why nothing did. Nothing is read out of it here.
struct RawAnswer {
  int status = 0;  ///< 0: none came
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< those of WireOptions::wanted_headers, as named there
  std::string failure;                                       ///< empty: a whole answer came; else why not
  bool request_begun = false;  ///< false: the connection was not even ready, so not one byte of the request was sent
  std::int64_t duration_ms = 0;

  const std::string* header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return &value;
    }
    return nullptr;
  }
};

/// Everything that is sent, credentials included: never logged, never journaled.
struct Exchange {
  std::string method;
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value"
  std::string body;
  /// libcurl sends a request again by itself when a kept connection turns out to be closed, though the target may have
  /// acted on it. Only where that does no harm is it let.
  bool may_repeat = false;
  std::function<void(RawAnswer)> answered;  ///< on the loop's thread; must not block or throw
};

/// The same for all exchanges of a connection.
struct WireOptions {
  std::vector<std::string> headers;  ///< "Name: value", credentials among them
  std::vector<std::string> wanted_headers;
  std::string ca;
  std::string certificate;
  std::string key;
  std::string proxy;
  std::int64_t connect_timeout_ms = 10'000;
  std::int64_t timeout_ms = 30'000;
  std::size_t in_flight_max = 8;
  std::size_t waiting_max = 10'000;
  std::size_t answer_bytes_max = 4'000'000;
};

}  // namespace connectors::http
