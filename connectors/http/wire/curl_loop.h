// One thread that drives all exchanges of a connection with curl_multi.
#pragma once

#include <memory>

#include "connectors/http/wire/exchange.h"

namespace connectors::http {

class CurlLoop {
 public:
  /// Throws Error environment_missing when libcurl lacks what is asked of it.
  explicit CurlLoop(WireOptions options);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// Thread-safe, returns at once. More than in_flight_max wait their turn; more than waiting_max are answered at once,
  /// as not sent.
  void submit(Exchange exchange);
  /// `answered` is called on the loop's thread when it comes round next. Dropped when the loop has ended.
  void ping(std::function<void()> answered);
  /// Abandons what is under way; every `answered` has been called when it returns. Idempotent; not from `answered`.
  void stop();

 private:
  class Running;
  std::unique_ptr<Running> running_;
};

}  // namespace connectors::http
