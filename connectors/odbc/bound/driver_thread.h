// The thread that makes the calls of one user of a driver, and what it means for him when one of them does not come back.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "engine/base/threads/leavable_thread.h"
#include "engine/settings/connection_definition.h"

namespace connectors::odbc {

struct CallLimits {
  std::string connection;
  std::chrono::milliseconds patience{0};  ///< for a call: until it is cancelled, and some time for the driver to hear that
  std::chrono::milliseconds trial_after = std::chrono::minutes(15);  ///< where many never came back: so long after the last, one is tried
};
CallLimits limits_of(const engine::settings::SourceConnection& connection);

/// Shared by its user (a source, a writer) and what he opened. All of them hand over what the driver may be in, and never destroy it themselves.
class DriverThread {
 public:
  /// Throws source_unreachable when too many calls of the connection have been left behind.
  explicit DriverThread(CallLimits limits);

  /// Throws what `work` throws; source_unreachable when it does not come back; stopped when nobody may wait any more.
  template <typename Work>
  std::invoke_result_t<Work&> run(Work work) {
    return finish(begin(std::move(work)));
  }
  template <typename Work>
  engine::LeavableThread::Begun<std::invoke_result_t<Work&>> begin(Work work) {
    return thread_.begin(std::move(work));
  }
  template <typename Result>
  Result finish(engine::LeavableThread::Begun<Result> begun) {
    try {
      return thread_.finish(std::move(begun));
    } catch (const engine::LeftBehind& left) {
      refuse(left);
    }
  }
  engine::LeavableThread::Caller caller() { return engine::LeavableThread::Caller(thread_); }
  void leave(std::shared_ptr<void> object) { thread_.leave(std::move(object)); }
  bool is_left_behind() const { return thread_.is_left_behind(); }
  const std::shared_ptr<engine::SignOfLife>& sign() const { return sign_; }

 private:
  [[noreturn]] void refuse(const engine::LeftBehind& left) const;

  CallLimits limits_;
  std::shared_ptr<engine::SignOfLife> sign_ = std::make_shared<engine::SignOfLife>();
  engine::LeavableThread thread_;
};

}  // namespace connectors::odbc
