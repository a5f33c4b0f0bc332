// Time that a test turns by hand.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/clock.h"

namespace test {

/// Any thread may look at it and turn it.
class FakeClock final : public engine::Clock {
 public:
  explicit FakeClock(std::int64_t wall_ms = 1'795'000'000'000) : wall_ms_(wall_ms) {}

  std::int64_t wall_ms() const override { return wall_ms_; }
  std::int64_t steady_ms() const override { return steady_ms_.fetch_add(ms_a_look); }
  void advance(std::int64_t ms) {
    wall_ms_ += ms;
    steady_ms_ += ms;
  }
  /// Somebody sets the machine's clock.
  void jump(std::int64_t ms) { wall_ms_ += ms; }

  /// So much time passes whenever somebody looks at the steady one.
  std::int64_t ms_a_look = 0;

 private:
  std::atomic<std::int64_t> wall_ms_;
  mutable std::atomic<std::int64_t> steady_ms_ = 1'000;
};

}  // namespace test
