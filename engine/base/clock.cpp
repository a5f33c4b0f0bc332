#include "engine/base/clock.h"

#include <fmt/format.h>

#include <ctime>

namespace engine {

namespace {

class SystemClock final : public Clock {
 public:
  std::int64_t wall_ms() const override { return since_epoch_ms(std::chrono::system_clock::now()); }
  std::int64_t steady_ms() const override { return since_epoch_ms(std::chrono::steady_clock::now()); }

 private:
  template <class TimePoint>
  static std::int64_t since_epoch_ms(TimePoint time) {
    return std::chrono::duration_cast<Milliseconds>(time.time_since_epoch()).count();
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string utc_text(std::int64_t wall_ms) {
  std::int64_t seconds = wall_ms / 1000;
  std::int64_t milliseconds = wall_ms % 1000;
  if (milliseconds < 0) {
    milliseconds += 1000;
    --seconds;
  }
  const std::time_t time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds);
}

}  // namespace engine
