// `run`: one instance from its folder to its end.
#pragma once

#include <filesystem>
#include <functional>

namespace engine::operate {

struct DaemonOptions {
  std::filesystem::path folder;
  /// Called once everything runs.
  std::function<void()> ready;
};

/// Checks the configuration (sources that are offline are left for later), opens the journal, runs until SIGTERM or SIGINT, drains. Throws
/// InvalidConfiguration, environment_missing, journal_locked before it started; journal_failed when the journal can't go on.
/// SIGTERM and SIGINT must be blocked in all threads: call it before any thread is made.
void run_daemon(const DaemonOptions& options);

}  // namespace engine::operate
