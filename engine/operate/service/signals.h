// SIGTERM, SIGINT and SIGHUP, heard on threads of their own, where taking a mutex is allowed.
#pragma once

#include <signal.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace engine::operate {

/// Blocks them in this thread and in every thread that it makes from now on; SIGPIPE is ignored.
sigset_t block_signals();

/// `stop` is called at once, whatever a reload waits for: the service manager kills a process that takes too long to end. Hang-ups that
/// come while a reload is under way are one more reload.
class SignalThreads {
 public:
  SignalThreads(sigset_t signals, std::function<void()> stop, std::function<void()> reload);
  /// Waits for a reload under way.
  ~SignalThreads();
  SignalThreads(const SignalThreads&) = delete;
  SignalThreads& operator=(const SignalThreads&) = delete;

 private:
  void listen();
  void serve_reloads();

  sigset_t signals_;
  std::function<void()> stop_;
  std::function<void()> reload_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reload_wanted_ = false;
  bool ended_ = false;
  std::thread listening_;
  std::thread reloading_;
};

}  // namespace engine::operate
