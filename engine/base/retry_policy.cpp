#include "engine/base/retry_policy.h"

#include <algorithm>

namespace engine {

std::int64_t RetryPolicy::wait_ms(int tries, double random) const {
  // No cap lies behind so many doublings, and the shift stays within 64 bits.
  const int doublings = std::clamp(tries - 1, 0, 30);
  const std::int64_t full = std::min(wait_ms_max, first_wait_ms << doublings);
  // Half is certain and half is chance: what failed together does not come back together.
  return full / 2 + static_cast<std::int64_t>(static_cast<double>(full - full / 2) * random);
}

}  // namespace engine
