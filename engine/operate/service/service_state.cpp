#include "engine/operate/service/service_state.h"

#include <systemd/sd-daemon.h>

namespace engine::operate {

namespace {

void tell(const std::string& lines) { sd_notify(0, lines.c_str()); }

// A line break would begin another assignment.
std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

void tell_ready(const std::string& status) { tell("READY=1\nSTATUS=" + on_one_line(status)); }

void tell_reloading() { tell("RELOADING=1\nSTATUS=reading the configuration anew"); }

void tell_stopping() { tell("STOPPING=1\nSTATUS=finishing what is in flight"); }

void tell_status(const std::string& status) { tell("STATUS=" + on_one_line(status)); }

void tell_alive() { tell("WATCHDOG=1"); }

std::optional<std::chrono::milliseconds> watchdog_limit() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(microseconds));
}

}  // namespace engine::operate
