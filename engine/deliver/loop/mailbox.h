// Events for one thread from many. Outlives the thread: what comes too late is dropped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace engine::deliver {

/// Emptied as a whole, so that hundreds of answers cost one turn.
class Mailbox {
 public:
  using Event = std::function<void()>;

  void post(Event event) {
    bool was_empty;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      was_empty = events_.empty();
      events_.push_back(std::move(event));
    }
    if (was_empty) wake_.notify_one();
  }

  /// What came, in order; waits up to `wait_ms` for the first.
  std::vector<Event> take(std::int64_t wait_ms) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return !events_.empty() || closed_; });
    return std::exchange(events_, {});
  }

  void close() {
    std::vector<Event> dropped;  // destroyed outside the lock: events own jobs
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      dropped.swap(events_);
    }
    wake_.notify_all();
  }

  bool closed() {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Event> events_;
  bool closed_ = false;
};

}  // namespace engine::deliver
