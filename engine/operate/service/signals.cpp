#include "engine/operate/service/signals.h"

#include <pthread.h>

namespace engine::operate {

sigset_t block_signals() {
  sigset_t signals{};
  sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, each);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

SignalThreads::SignalThreads(sigset_t signals, std::function<void()> stop, std::function<void()> reload)
    : signals_(signals), stop_(std::move(stop)), reload_(std::move(reload)), listening_([this] { listen(); }), reloading_([this] { serve_reloads(); }) {}

SignalThreads::~SignalThreads() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  // The signal only ends the waiting; the flag says why.
  pthread_kill(listening_.native_handle(), SIGUSR1);
  listening_.join();
  reloading_.join();
}

void SignalThreads::listen() {
  for (;;) {
    int signal_number = 0;
    sigwait(&signals_, &signal_number);
    if (signal_number == SIGTERM || signal_number == SIGINT) stop_();
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    if (signal_number != SIGHUP) continue;
    reload_wanted_ = true;
    changed_.notify_all();
  }
}

void SignalThreads::serve_reloads() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ended_ || reload_wanted_; });
      if (ended_) return;
      reload_wanted_ = false;
    }
    reload_();
  }
}

}  // namespace engine::operate
