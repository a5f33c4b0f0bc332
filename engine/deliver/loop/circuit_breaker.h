// Whether a connection is worth a try: opens after failures in a row, lets one probe through after a wait.
#pragma once

#include <cstdint>
#include <string>

namespace engine::deliver {

struct BreakerOptions {
  int opens_after = 10;
  std::int64_t wait_ms = 15'000;
  std::int64_t auth_wait_ms = 300'000;
};

/// Times are steady milliseconds.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(BreakerOptions options) : options_(options) {}

  /// True when this closes what was open: what waits is worth a try now.
  bool well();
  /// True when this opens it.
  bool ill(std::int64_t now_ms, const std::string& reason);
  /// Credentials were refused: nothing goes out until the wait is over or a person asks for a try.
  void refuse_auth(std::int64_t now_ms, const std::string& reason);
  /// A person asks for a try now.
  void try_now();

  bool allows(std::int64_t now_ms, int in_flight) const;
  bool is_open() const { return open_; }
  bool is_auth_refused() const { return open_ && auth_; }
  std::int64_t until_ms() const { return until_ms_; }
  const std::string& reason() const { return reason_; }

 private:
  BreakerOptions options_;
  int failures_ = 0;
  bool open_ = false;
  bool auth_ = false;
  std::int64_t until_ms_ = 0;
  std::string reason_;
};

}  // namespace engine::deliver
