// When the next request may go out: our own rate, and what the target asked for when it throttled us.
#pragma once

#include <algorithm>
#include <cstdint>

namespace engine::deliver {

/// Times are steady milliseconds.
class Pace {
 public:
  explicit Pace(double per_second) : per_second_(per_second), room_(std::max(1.0, per_second / 10)), tokens_(room_) {}

  /// 0 when a request may go out now, else how long to wait.
  std::int64_t wait_ms(std::int64_t now_ms) {
    if (now_ms < paused_until_ms_) return paused_until_ms_ - now_ms;
    if (per_second_ <= 0) return 0;
    tokens_ = std::min(room_, tokens_ + static_cast<double>(now_ms - filled_ms_) * per_second_ / 1000);
    filled_ms_ = now_ms;
    if (tokens_ >= 1) return 0;
    return static_cast<std::int64_t>((1 - tokens_) * 1000 / per_second_) + 1;
  }
  void take() {
    if (per_second_ > 0) tokens_ -= 1;
  }
  void pause_until(std::int64_t steady_ms) { paused_until_ms_ = std::max(paused_until_ms_, steady_ms); }

 private:
  double per_second_;
  double room_;  ///< a tenth of a second's worth may go out at once
  double tokens_;
  std::int64_t filled_ms_ = 0;
  std::int64_t paused_until_ms_ = 0;
};

}  // namespace engine::deliver
