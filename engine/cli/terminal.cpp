#include "engine/cli/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>

#include "engine/base/clock.h"
#include "engine/settings/map_reader.h"

namespace engine::cli {

namespace {

bool colours_wanted() {
  static const bool wanted = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return wanted;
}

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::none: return "";
    case Colour::red: return "\033[31m";
    case Colour::green: return "\033[32m";
    case Colour::yellow: return "\033[33m";
    case Colour::blue: return "\033[34m";
    case Colour::dim: return "\033[2m";
    case Colour::bold: return "\033[1m";
  }
  return "";
}

// Code points, without the escape sequences of colours.
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      i = std::min(text.find('m', i), text.size() - 1);
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      ++width;
    }
  }
  return width;
}

}  // namespace

std::string coloured(std::string_view text, Colour colour) {
  if (!colours_wanted() || colour == Colour::none) return std::string(text);
  return fmt::format("{}{}\033[0m", code_of(colour), text);
}

std::string local_time(std::int64_t wall_ms) {
  if (wall_ms == 0) return "never";
  const std::time_t seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec, wall_ms % 1000);
}

std::int64_t time_typed(const std::string& text, std::string_view option) {
  std::int64_t number = 0;
  char unit = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%9ld%c%n", &number, &unit, &used) == 2 && static_cast<std::size_t>(used) == text.size()) {
    const std::map<char, std::int64_t> seconds{{'s', 1}, {'m', 60}, {'h', 3'600}, {'d', 86'400}};
    if (const auto found = seconds.find(unit); found != seconds.end()) return system_clock().wall_ms() - number * found->second * 1'000;
  }
  for (const char* format : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"}) {
    std::tm parts{};
    parts.tm_isdst = -1;
    const char* end = strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return static_cast<std::int64_t>(std::mktime(&parts)) * 1'000;
  }
  throw Error(ErrorCode::config_invalid, fmt::format("{} does not understand '{}'", option, text), {},
              "2h, 3d, or '2026-11-22 08:15' in this machine's time zone");
}

std::int64_t time_ahead(const std::string& text, std::string_view option) {
  const auto duration = settings::duration_ms_of(text);
  return duration ? system_clock().wall_ms() + *duration : time_typed(text, option);
}

std::string counted(std::size_t number, std::string_view noun) {
  if (number == 1) return fmt::format("1 {}", noun);
  if (noun.ends_with('y') && !noun.ends_with("ay")) return fmt::format("{} {}ies", number, noun.substr(0, noun.size() - 1));
  return fmt::format("{} {}s", number, noun);
}

/// Green goes on by itself, red waits for a person, yellow may end well.
Colour colour_of_state(std::string_view state) {
  for (const std::string_view good : {"delivered", "watching", "running", "waiting", "reading", "snapshot", "healed"}) {
    if (state == good) return Colour::green;
  }
  for (const std::string_view bad : {"dead", "refused", "stopped", "auth_refused", "paused", "rejected"}) {
    if (state == bad) return Colour::red;
  }
  for (const std::string_view doubtful : {"uncertain", "unreachable", "open", "held", "full", "expired", "suppressed", "vanished"}) {
    if (state == doubtful) return Colour::yellow;
  }
  return Colour::dim;
}

/// Widths are those that are seen: colours take no place.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

void print_error(const Error& error) {
  fmt::print(stderr, "datapicker: {} [{}]\n", error.what(), name_of(error.code()));
  for (const auto& [name, value] : error.context()) fmt::print(stderr, "  {}: {}\n", name, value);
  if (!error.hint().empty()) fmt::print(stderr, "  {}\n", error.hint());
}

void print_diagnostics(const settings::Diagnostics& diagnostics) {
  std::size_t errors = 0;
  for (const settings::Diagnostic& diagnostic : diagnostics.all()) {
    fmt::print(stderr, "{}\n", settings::diagnostic_text(diagnostic));
    errors += diagnostic.level == settings::Diagnostic::Level::error ? 1 : 0;
  }
  const std::size_t warnings = diagnostics.all().size() - errors;
  if (errors + warnings > 0) fmt::print(stderr, "{}, {}\n", counted(errors, "error"), counted(warnings, "warning"));
}

}  // namespace engine::cli
