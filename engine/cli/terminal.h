// How the command line writes: colours on a terminal only, times a person reads, tables that line up.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/settings/diagnostics.h"

namespace engine::cli {

/// What a text means is said by words, too: colours are left out where nobody sees them.
enum class Colour { none, red, green, yellow, blue, dim, bold };

/// `text` in a colour when stdout is a terminal and NO_COLOR is not set.
std::string coloured(std::string_view text, Colour colour);

/// "2026-11-22 08:15:30.125" in the machine's time zone; "never" for 0.
std::string local_time(std::int64_t wall_ms);

/// A time as a person types it, in milliseconds: "2h", "3d", "30m" before now, or "2026-11-22[ 08:15[:30]]" in the machine's zone.
/// Throws config_invalid naming the option.
std::int64_t time_typed(const std::string& text, std::string_view option);

/// The same of what lies ahead: "2h" is two hours from now.
std::int64_t time_ahead(const std::string& text, std::string_view option);

/// "1 table", "2 tables".
std::string counted(std::size_t number, std::string_view noun);

/// Colour of a table's, pipeline's, target's or delivery's state.
Colour colour_of_state(std::string_view state);

/// Rows with columns padded to the widest cell (counted in code points), two blanks between.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

/// To stderr: what failed, where, what to do.
void print_error(const Error& error);
/// To stderr: one diagnostic after another, then their number.
void print_diagnostics(const settings::Diagnostics& diagnostics);

}  // namespace engine::cli
