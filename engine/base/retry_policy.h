// How long to wait before the next try: exponential with full jitter, bounded.
#pragma once

#include <cstdint>

namespace engine {

/// Pure: chance is given, so that tests can choose it.
struct RetryPolicy {
  std::int64_t first_wait_ms = 500;
  std::int64_t wait_ms_max = 300'000;
  int tries_max = 0;  ///< 0: without end

  /// Wait before try `tries + 1`, after `tries` (>= 1) failed ones; `random` in [0, 1). Between half and all of
  /// first_wait_ms * 2^(tries-1), capped.
  std::int64_t wait_ms(int tries, double random) const;
};

}  // namespace engine
