#include "engine/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "engine/base/clock.h"
#include "engine/base/secret.h"

namespace engine {

namespace {

std::atomic<bool> as_json{false};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("datapicker", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // The line is whole as it comes: its time, level and masking are ours.
    made->set_pattern("%v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view text_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "info";
}

// Quoted with C escapes, so that a value from outside can neither break the line nor forge a field.
void append_quoted(std::string_view value, std::string& line) {
  line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      line += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  line += '"';
}

bool is_bare(std::string_view value) {
  return !value.empty() && value.find_first_of(" =\"\\{}[],") == std::string_view::npos &&
         std::all_of(value.begin(), value.end(), [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

void append_logfmt(std::string_view name, std::string_view value, std::string& line) {
  line += ' ';
  line += name;
  line += '=';
  if (is_bare(value)) {
    line += value;
  } else {
    append_quoted(value, line);
  }
}

void append_json(std::string_view name, std::string_view value, std::string& line) {
  line += line.size() > 1 ? "," : "";
  append_quoted(name, line);
  line += ':';
  append_quoted(value, line);
}

/// Values are masked, names are not: those are ours.
std::string line_of(LogLevel level, std::string_view event, const LogFields& fields) {
  const bool json = as_json.load(std::memory_order_relaxed);
  const std::string time = utc_text(system_clock().wall_ms());
  std::string line;
  if (json) {
    line = "{";
    append_json("time", time, line);
    append_json("level", text_of(level), line);
    append_json("event", event, line);
  } else {
    line = fmt::format("{} {} {}", time, text_of(level), event);
  }
  for (const auto& [name, value] : fields) {
    const std::string masked = redact(value);
    json ? append_json(name, masked, line) : append_logfmt(name, masked, line);
  }
  return json ? line + "}" : line;
}

}  // namespace

void log_event(LogLevel level, std::string_view event, const LogFields& fields) {
  if (!logger().should_log(level_of(level))) return;
  logger().log(level_of(level), line_of(level, event, fields));
}

void set_log_level(LogLevel level) { logger().set_level(level_of(level)); }

void set_log_json(bool on) { as_json.store(on); }

}  // namespace engine
