// Threads for work that blocks (ODBC, SQLite): it never runs on the io_context.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "engine/base/work_queue.h"

namespace engine {

/// A fixed number of threads that run posted work in order of posting. A job that throws is a bug: catch inside.
class BlockingPool {
 public:
  BlockingPool(std::string name, std::size_t threads, std::size_t queued_max = 100'000);

  /// False when the pool is stopping or the queue is full.
  bool post(std::function<void()> job) { return jobs_.put(job) == nullptr; }
  /// Runs what is queued, then ends the threads. Called by the destructor, too.
  void stop() { jobs_.finish(); }

 private:
  WorkQueue<std::function<void()>> jobs_;
};

/// Set once, seen by all who hold it: how long work is asked to stop.
class StopSignal {
 public:
  /// From any thread, and more than once.
  void request();
  /// Cheap enough to be asked between two rows.
  bool requested() const;
  /// Sleeps up to `wait_ms`; true when stop was requested meanwhile.
  bool wait_for(std::int64_t wait_ms) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable wake_;
  bool requested_ = false;
};

}  // namespace engine
