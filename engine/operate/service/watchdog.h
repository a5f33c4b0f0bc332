// The thread that feels the engine's pulse and tells the service manager as long as everything advances.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/blocking.h"
#include "engine/base/threads/pulse.h"

namespace engine::operate {

/// One round of a watchdog; `alive` is told only when no stage is silent. Logs when a stage falls silent and when it answers again.
class WatchdogRound {
 public:
  WatchdogRound(Pulse& pulse, std::function<void()> alive) : pulse_(pulse), alive_(std::move(alive)) {}
  void run();

 private:
  Pulse& pulse_;
  std::function<void()> alive_;
  std::vector<std::string> silent_;
};

/// Four rounds within the manager's limit; without one a round every 15 seconds, for the log and /health.
class Watchdog {
 public:
  /// `status` gives the line shown by `systemctl status`, told when it changes. It is asked on this thread: where it
  /// waits for a stage that hangs, this thread falls silent, too, as it should.
  Watchdog(Pulse& pulse, std::function<std::string()> status);
  ~Watchdog();
  /// Stages end one after the other when the process stops, and no longer answer.
  void stop();
  /// The same before a reload, where the process goes on: it counts as alive while a reader waits for its driver, up to a limit.
  void drain();

 private:
  void watch(std::int64_t round_ms);

  WatchdogRound round_;
  std::function<std::string()> status_;
  StopSignal stop_;
  std::atomic<std::int64_t> drained_ms_ = 0;  ///< steady: alive until then, whatever the stages say
  std::thread thread_;
};

}  // namespace engine::operate
