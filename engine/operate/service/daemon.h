// `run`: one instance from its folder to its end.
#pragma once

#include "engine/settings/instance.h"

namespace engine::operate {

struct DaemonOptions {
  settings::InstancePlace folder;
};

/// Tells the service manager when it is ready, how it stands and when it ends; `service/watchdog.h` says what is watched.
/// Checks the configuration (sources that are offline are left for later), opens the journal, runs until SIGTERM or SIGINT, which also end a start, drains. Throws
/// InvalidConfiguration, environment_missing, journal_locked before it started; journal_failed when the journal can't go on.
/// SIGTERM and SIGINT must be blocked in all threads: call it before any thread is made.
void run_daemon(const DaemonOptions& options);

}  // namespace engine::operate
