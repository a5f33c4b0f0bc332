// Time as the engine sees it, behind a seam so that tests can turn it by hand.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace engine {

using Milliseconds = std::chrono::milliseconds;

/// Order is the journal's sequence only; wall time is for people, waits are monotonic.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since 1970 UTC. May jump.
  virtual std::int64_t wall_ms() const = 0;
  /// Monotonic milliseconds from an arbitrary start.
  virtual std::int64_t steady_ms() const = 0;
};

const Clock& system_clock();

/// "2026-11-22T08:15:30.125Z"
std::string utc_text(std::int64_t wall_ms);

}  // namespace engine
