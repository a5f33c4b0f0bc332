#include "engine/base/text/durations.h"

#include <fmt/format.h>

namespace engine {

namespace {

/// Below it a second more or less says something.
constexpr std::int64_t told_in_seconds_ms = 10 * minute_ms;
constexpr std::int64_t told_in_days_ms = 2 * day_ms;

std::string two_units(std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit) {
  return small == 0 ? fmt::format("{} {}", large, large_unit) : fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
}

}  // namespace

std::string span_text(std::int64_t ms) {
  if (ms < second_ms) return fmt::format("{} ms", ms);
  if (ms < minute_ms) return fmt::format("{} s", ms / second_ms);
  if (ms < told_in_seconds_ms) return two_units(ms / minute_ms, "min", ms % minute_ms / second_ms, "s");
  if (ms < hour_ms) return fmt::format("{} min", ms / minute_ms);
  if (ms < told_in_days_ms) return two_units(ms / hour_ms, "h", ms % hour_ms / minute_ms, "min");
  return fmt::format("{} days", ms / day_ms);
}

std::string yaml_duration(std::int64_t ms) {
  if (ms % hour_ms == 0) return fmt::format("{}h", ms / hour_ms);
  return ms % minute_ms == 0 ? fmt::format("{}m", ms / minute_ms) : fmt::format("{}s", ms / second_ms);
}

}  // namespace engine
