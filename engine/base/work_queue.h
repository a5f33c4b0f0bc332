// A bounded queue and the threads that empty it: what somebody has to wait for is done there, and never on an event loop.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace engine {

struct WorkQueueOptions {
  std::string thread_name;  ///< the first 15 characters are shown
  std::size_t threads = 1;
  std::size_t waiting_max = 100'000;
};

/// Each thread runs `serve`, which calls `take` until nothing is given: so a thread may keep a connection of its own. Threads
/// begin with the first item. A `serve` that throws is a bug: catch inside. Whoever owns what `serve` uses calls an end before
/// it is gone.
template <typename Item>
class WorkQueue {
 public:
  WorkQueue(WorkQueueOptions options, std::function<void(WorkQueue&)> serve)
      : options_(std::move(options)), serve_(std::move(serve)) {}
  ~WorkQueue() { finish(); }
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// Null: it was taken. Else why not, for people, and the item is as it was.
  const char* put(Item& item) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return "the daemon is stopping";
      if (waiting_.size() >= options_.waiting_max) return "too much waits already";
      while (threads_.size() < options_.threads) threads_.emplace_back([this] { run(); });
      waiting_.push_back(std::move(item));
    }
    wake_.notify_one();
    return nullptr;
  }

  /// Waits for the next ones, `most` of them, in the order in which they came. None: the thread ends.
  std::deque<Item> take(std::size_t most) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.size() <= most) return std::exchange(waiting_, {});
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(most);
    std::deque<Item> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    return taken;
  }

  /// Nothing is taken in any more; returns when all that waited is done. May be called again, also from another thread.
  /// Not from one of its own threads, which cannot wait for themselves.
  void finish() {
    const std::lock_guard ending(end_mutex_);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  /// As `finish`, but what waits is given to `back` instead of being done.
  void give_up(const std::function<void(Item&)>& back) {
    std::deque<Item> left;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      left.swap(waiting_);
    }
    for (Item& item : left) back(item);
    finish();
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), options_.thread_name.substr(0, 15).c_str());
    serve_(*this);
  }

  const WorkQueueOptions options_;
  const std::function<void(WorkQueue&)> serve_;
  std::mutex end_mutex_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace engine
