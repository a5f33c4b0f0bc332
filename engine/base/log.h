// Structured logs: one line an event, `time level event key=value …`, to stderr, where journald takes it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {

enum class LogLevel { debug, info, warning, error };

using LogFields = std::vector<std::pair<std::string_view, std::string>>;

/// `event` is a stable dotted name ("capture.cycle"); secrets registered with `redact.h` are masked in every field.
void log_event(LogLevel level, std::string_view event, const LogFields& fields);

/// Events below it are dropped before anything is formatted. Like all here it may be called while others log.
void set_log_level(LogLevel level);
/// One JSON object a line instead of key=value.
void set_log_json(bool on);

}  // namespace engine
