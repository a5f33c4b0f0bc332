#include "engine/deliver/loop/circuit_breaker.h"

namespace engine::deliver {

bool CircuitBreaker::well() {
  const bool was_open = open_;
  failures_ = 0;
  open_ = auth_ = false;
  reason_.clear();
  return was_open;
}

/// While it is open each failure of a probe prolongs the wait.
bool CircuitBreaker::ill(std::int64_t now_ms, const std::string& reason) {
  const bool was_open = open_;
  ++failures_;
  if (!open_ && failures_ < options_.opens_after) return false;
  open_ = true;
  auth_ = false;
  until_ms_ = now_ms + options_.wait_ms;
  reason_ = reason;
  return !was_open;
}

void CircuitBreaker::refuse_auth(std::int64_t now_ms, const std::string& reason) {
  open_ = auth_ = true;
  until_ms_ = now_ms + options_.auth_wait_ms;
  reason_ = reason;
}

void CircuitBreaker::try_now() { until_ms_ = 0; }

bool CircuitBreaker::allows(std::int64_t now_ms, int in_flight) const {
  // Half open: one probe at a time until one is answered well.
  return !open_ || (now_ms >= until_ms_ && in_flight == 0);
}

}  // namespace engine::deliver
