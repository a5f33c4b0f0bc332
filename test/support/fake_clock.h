// Time that a test turns by hand.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"

namespace test {

class FakeClock final : public engine::Clock {
 public:
  std::int64_t wall_ms() const override { return wall_ms_; }
  std::int64_t steady_ms() const override { return steady_ms_; }
  void advance(std::int64_t ms) {
    wall_ms_ += ms;
    steady_ms_ += ms;
  }
  /// Somebody sets the machine's clock.
  void jump(std::int64_t ms) { wall_ms_ += ms; }

 private:
  std::int64_t wall_ms_ = 1'795'000'000'000;
  std::int64_t steady_ms_ = 1'000;
};

}  // namespace test
