// Points in the time of a column, whatever zone that has: texts and the numbers between them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/source/growth.h"

namespace engine::capture {

inline constexpr std::int64_t second_us = 1'000'000;

/// Microseconds since 1970-01-01 00:00:00 of the column's own time. Takes the canonical forms of dates and timestamps, and what databases
/// without such types keep as text: a T between date and time, no seconds, a Z behind. Nullopt for all else, infinity and years beyond 9999 included.
std::optional<std::int64_t> moment_of(std::string_view text);
/// "2026-11-22 10:00:00.25"; of a day its date.
std::string moment_text(std::int64_t moment_us, model::Growth growth);

/// An integer, or an exact decimal without what stands behind its point. Nullopt when it does not fit 64 bits.
std::optional<std::int64_t> count_of(std::string_view text);

}  // namespace engine::capture
