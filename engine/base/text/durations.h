// Spans of time as people and as settings write them.
#pragma once

#include <cstdint>
#include <string>

namespace engine {

inline constexpr std::int64_t second_ms = 1'000;
inline constexpr std::int64_t minute_ms = 60 * second_ms;
inline constexpr std::int64_t hour_ms = 60 * minute_ms;
inline constexpr std::int64_t day_ms = 24 * hour_ms;

/// For people, as exact as its size deserves: "250 ms", "45 s", "1 min 30 s", "20 min", "1 h 20 min", "3 days".
std::string span_text(std::int64_t ms);
/// As settings take it, in the largest unit that keeps its whole seconds: "90s", "20m", "36h".
std::string yaml_duration(std::int64_t ms);

}  // namespace engine
