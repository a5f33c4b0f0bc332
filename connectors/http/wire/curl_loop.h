// One thread that drives all exchanges of a connection with curl_multi.
#pragma once

#include <memory>

#include "connectors/http/wire/wire.h"

namespace connectors::http {

/// Keeps connections, and finds out about HTTP/2 by itself.
class CurlLoop final : public Wire {
 public:
  /// Throws Error environment_missing when libcurl lacks what is asked of it.
  explicit CurlLoop(WireOptions options);
  ~CurlLoop() override;
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// More than in_flight_max wait their turn; more than waiting_max are answered at once,
  /// as not sent.
  void submit(Exchange exchange) override;
  void ping(std::function<void()> answered) override;
  void stop() override;

 private:
  class Running;
  std::unique_ptr<Running> running_;
};

}  // namespace connectors::http
