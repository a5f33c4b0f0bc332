#include "engine/operate/service/watchdog.h"

#include <pthread.h>

#include <algorithm>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/operate/service/service_state.h"

namespace engine::operate {

namespace {

constexpr std::int64_t unwatched_round_ms = 15'000;
constexpr std::int64_t rounds_in_limit = 4;
/// Longer than a statement may run by default.
constexpr std::int64_t drain_ms_max = 600'000;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

/// Told once when it falls silent and once when it is back, not at each round.
void WatchdogRound::run() {
  std::vector<std::string> silent = pulse_.round();
  for (const std::string& stage : silent) {
    if (!contains(silent_, stage)) log_event(LogLevel::error, "stage.silent", {{"stage", stage}});
  }
  for (const std::string& stage : silent_) {
    if (!contains(silent, stage)) log_event(LogLevel::info, "stage.answers_again", {{"stage", stage}});
  }
  silent_ = std::move(silent);
  if (silent_.empty()) alive_();
}

Watchdog::Watchdog(Pulse& pulse, std::function<std::string()> status)
    : round_(pulse, tell_alive), status_(std::move(status)) {
  const auto limit = watchdog_limit();
  const std::int64_t round_ms = limit ? std::max<std::int64_t>(1, limit->count() / rounds_in_limit) : unwatched_round_ms;
  thread_ = std::thread([this, round_ms] { watch(round_ms); });
}

Watchdog::~Watchdog() { stop(); }

void Watchdog::stop() {
  stop_.request();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::drain() { drained_ms_ = system_clock().steady_ms() + drain_ms_max; }

/// Begins with a round, so that every stage was asked before the first wait.
void Watchdog::watch(std::int64_t round_ms) {
  pthread_setname_np(pthread_self(), "watchdog");
  std::string told;
  do {
    if (drained_ms_ > 0) {
      if (system_clock().steady_ms() < drained_ms_) tell_alive();
      continue;
    }
    round_.run();
    std::string status = status_();
    if (status != told) tell_status(status);
    told = std::move(status);
  } while (!stop_.wait_for(round_ms));
}

}  // namespace engine::operate
