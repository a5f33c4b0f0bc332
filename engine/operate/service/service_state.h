// What the service manager is told about this process. Without one (no NOTIFY_SOCKET) every function does nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace engine::operate {

/// Everything runs; `status` is the line that `systemctl status` shows.
void tell_ready(const std::string& status);
/// A reload has begun: `tell_ready` says when it is over, also when the new configuration was refused.
void tell_reloading();
void tell_stopping();
void tell_status(const std::string& status);
/// The engine advances. Not sent for long: the manager kills and restarts the process.
void tell_alive();

/// How long the manager waits for the next `tell_alive`; none when it watches nothing.
std::optional<std::chrono::milliseconds> watchdog_limit();

}  // namespace engine::operate
