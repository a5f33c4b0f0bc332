// Cancels a statement that runs too long: drivers ignore the time-outs of the standard too often to be trusted.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>

#include "connectors/odbc/diagnostics.h"
#include "engine/base/threads/leavable_thread.h"

namespace connectors::odbc {

/// One thread for each connection. SQLCancel is the one function that the standard allows from another thread.
class Watchdog {
 public:
  /// `sign`, where there is one, is shown by whoever makes the calls: SQLCancel is not always heard.
  Watchdog(std::int64_t timeout_ms, std::shared_ptr<engine::SignOfLife> sign);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// From here on the statement may run for the time-out.
  void arm(Handle statement);
  /// The call came back.
  void disarm();
  /// The statement last armed was cancelled.
  bool cancelled();
  /// Nothing is cancelled while `work` runs: SQLCancel throws away the diagnostics that another thread may be reading.
  template <typename Work>
  std::invoke_result_t<Work&> undisturbed(Work work) {
    const std::lock_guard lock(mutex_);
    return work();
  }

 private:
  using Time = std::chrono::steady_clock::time_point;
  void watch();

  std::chrono::milliseconds timeout_;
  std::shared_ptr<engine::SignOfLife> sign_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Handle statement_ = nullptr;
  Time deadline_{};
  bool idle_ = true;  ///< the thread waits without a deadline
  bool cancelled_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

/// Arms for the length of one driver call, or of a few that belong together.
class Watched {
 public:
  Watched(Watchdog& watchdog, Handle statement) : watchdog_(watchdog) { watchdog_.arm(statement); }
  ~Watched() { watchdog_.disarm(); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  Watchdog& watchdog_;
};

}  // namespace connectors::odbc
