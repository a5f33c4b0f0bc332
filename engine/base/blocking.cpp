#include "engine/base/blocking.h"

#include <chrono>

namespace engine {

BlockingPool::BlockingPool(std::string name, std::size_t threads, std::size_t queued_max)
    : jobs_({.thread_name = std::move(name), .threads = threads, .waiting_max = queued_max}, [](auto& jobs) {
        for (auto next = jobs.take(1); !next.empty(); next = jobs.take(1)) next.front()();
      }) {}

void StopSignal::request() {
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  wake_.notify_all();
}

bool StopSignal::requested() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

bool StopSignal::wait_for(std::int64_t wait_ms) const {
  std::unique_lock lock(mutex_);
  return wake_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return requested_; });
}

}  // namespace engine
