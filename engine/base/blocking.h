// Threads for work that blocks (ODBC, SQLite): it never runs on the io_context.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace engine {

/// A fixed number of threads that run posted work in order of posting. A job that throws is a bug: catch inside.
class BlockingPool {
 public:
  BlockingPool(std::string name, std::size_t threads, std::size_t queued_max = 100'000);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// False when the pool is stopping or the queue is full.
  bool post(std::function<void()> job);
  /// Runs what is queued, then ends the threads. Called by the destructor, too.
  void stop();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  std::size_t queued_max_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// Set once, seen by all who hold it: how long work is asked to stop.
class StopSignal {
 public:
  void request();
  bool requested() const;
  /// Sleeps up to `wait_ms`; true when stop was requested meanwhile.
  bool wait_for(std::int64_t wait_ms) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable wake_;
  bool requested_ = false;
};

}  // namespace engine
