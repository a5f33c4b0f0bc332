#include "engine/base/threads/leavable_thread.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <list>
#include <mutex>
#include <vector>

#include "engine/base/metrics.h"

namespace engine {

namespace {
/// How long a thread is waited for that nobody needs any more, when waiting was to stop.
constexpr std::chrono::milliseconds short_patience{1'000};
}  // namespace

struct LeavableThread::Shared {
  LeavableThreadOptions options;
  std::shared_ptr<SignOfLife> sign;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> jobs;
  std::uint64_t put = 0;
  std::uint64_t done = 0;
  /// What the thread asks of whoever waits for it, until that is done.
  const std::function<void()>* asked_back = nullptr;
  std::exception_ptr answer;
  bool left_behind = false;
  std::optional<SignOfLife::Clock::time_point> stop_by;  ///< nobody waits any longer than that
  bool ending = false;
  bool ended = false;

  std::uint64_t add(std::function<void()> job);
  /// Says whether the thread had been left behind when it came to its end.
  bool serve();
  void answer_thread(std::unique_lock<std::mutex>& lock);
  bool is_to_stop() const { return stop_by && SignOfLife::Clock::now() >= *stop_by; }
  bool wait(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds after_stop, const std::function<bool()>& until);
};

namespace {

/// Threads that were left behind outlive whoever started them, up to the end of the process: what is known of them is the process's.
template <typename Thread>
class Known {
 public:
  static Known& get() {
    static Known& known = *new Known;  // for threads that end after static objects
    return known;
  }

  void add(const std::shared_ptr<Thread>& thread) {
    const std::lock_guard lock(mutex_);
    std::erase_if(threads_, [](const auto& each) { return each.expired(); });
    threads_.push_back(thread);
  }
  std::vector<std::shared_ptr<Thread>> of(const std::string& connection) {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Thread>> found;
    for (const auto& each : threads_) {
      if (auto thread = each.lock(); thread && thread->options.connection == connection) found.push_back(std::move(thread));
    }
    return found;
  }

  void keep(const std::string& connection, std::thread thread) {
    const std::lock_guard lock(mutex_);
    kept_.push_back({connection, std::move(thread), SignOfLife::Clock::now()});
    show(connection);
  }
  /// The last that a thread does, if it was kept.
  void came_back(const std::string& connection) {
    const std::lock_guard lock(mutex_);
    for (Kept& each : kept_) each.returned = each.returned || each.thread.get_id() == std::this_thread::get_id();
    show(connection);
  }
  /// When each was left behind, in that order. Without a name: of all connections.
  std::vector<SignOfLife::Clock::time_point> left_behind(const std::string* connection) {
    const std::lock_guard lock(mutex_);
    std::erase_if(kept_, [](Kept& each) {
      if (each.returned) each.thread.join();
      return each.returned;
    });
    std::vector<SignOfLife::Clock::time_point> since;
    for (const Kept& each : kept_) {
      if (connection == nullptr || each.connection == *connection) since.push_back(each.since);
    }
    return since;
  }

 private:
  struct Kept {
    std::string connection;
    std::thread thread;
    SignOfLife::Clock::time_point since;
    bool returned = false;
  };
  void show(const std::string& connection) const {
    const auto left = std::ranges::count_if(kept_, [&](const Kept& each) { return !each.returned && each.connection == connection; });
    gauge("datapicker_calls_left_behind", {{"connection", connection}}, static_cast<double>(left));
  }

  std::mutex mutex_;
  std::vector<std::weak_ptr<Thread>> threads_;
  std::list<Kept> kept_;
};

}  // namespace

std::uint64_t LeavableThread::Shared::add(std::function<void()> job) {
  jobs.push_back(std::move(job));
  changed.notify_all();
  return ++put;
}

bool LeavableThread::Shared::serve() {
  pthread_setname_np(pthread_self(), options.name.substr(0, 15).c_str());
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return ending || !jobs.empty(); });
    if (jobs.empty()) break;
    std::function<void()> job = std::move(jobs.front());
    jobs.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it alone held is destroyed here
    sign->show();
    lock.lock();
    ++done;
    changed.notify_all();
  }
  ended = true;
  changed.notify_all();
  return left_behind;
}

/// With the lock held, on the thread of whoever waits.
void LeavableThread::Shared::answer_thread(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  std::exception_ptr thrown;
  try {
    (*asked_back)();
  } catch (...) {
    thrown = std::current_exception();
  }
  sign->show();
  lock.lock();
  answer = std::move(thrown);
  asked_back = nullptr;
  changed.notify_all();
}

/// False: the thread is to be left behind. `after_stop`: so much longer than others may wait.
bool LeavableThread::Shared::wait(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds after_stop, const std::function<bool()>& until) {
  while (!until()) {
    if (asked_back != nullptr) {
      answer_thread(lock);
      continue;
    }
    auto deadline = sign->last() + options.patience;
    if (stop_by) deadline = std::min(deadline, *stop_by + after_stop);
    if (SignOfLife::Clock::now() >= deadline) return false;
    changed.wait_until(lock, deadline);
  }
  return true;
}

/// With the lock held.
void LeavableThread::leave_behind() {
  if (shared_->left_behind || shared_->ended) return;
  shared_->left_behind = true;
  Known<Shared>::get().keep(shared_->options.connection, std::move(thread_));
  shared_->changed.notify_all();
}

LeavableThread::LeavableThread(LeavableThreadOptions options, std::shared_ptr<SignOfLife> sign) : shared_(std::make_shared<Shared>()) {
  shared_->options = std::move(options);
  shared_->sign = std::move(sign);
  Known<Shared>::get().add(shared_);
  thread_ = std::thread([shared = shared_]() mutable {
    const std::string connection = shared->options.connection;
    const bool was_left_behind = shared->serve();
    shared.reset();
    if (was_left_behind) Known<Shared>::get().came_back(connection);
  });
}

LeavableThread::~LeavableThread() {
  {
    std::unique_lock lock(shared_->mutex);
    shared_->ending = true;
    shared_->changed.notify_all();
    shared_->sign->show();
    // Asked to stop, it gives what is at its end a moment yet.
    if (shared_->is_to_stop()) shared_->stop_by = SignOfLife::Clock::now();
    if (!shared_->left_behind && !shared_->wait(lock, short_patience, [this] { return shared_->ended; })) leave_behind();
  }
  if (thread_.joinable()) thread_.join();
}

/// The number of the work, which never throws; none when nobody may wait for it.
std::optional<std::uint64_t> LeavableThread::put(std::function<void()> work) {
  Shared& shared = *shared_;
  const std::lock_guard lock(shared.mutex);
  if (shared.left_behind || shared.is_to_stop()) return std::nullopt;
  shared.sign->show();
  return shared.add(std::move(work));
}

void LeavableThread::wait_for(std::optional<std::uint64_t> number) {
  Shared& shared = *shared_;
  std::unique_lock lock(shared.mutex);
  if (!number || shared.left_behind) throw LeftBehind{shared.is_to_stop()};
  if (shared.wait(lock, {}, [&] { return shared.done >= *number; })) return;
  leave_behind();
  throw LeftBehind{shared.is_to_stop()};
}

void LeavableThread::Caller::run(const std::function<void()>& work) const {
  std::unique_lock lock(shared_->mutex);
  if (shared_->left_behind) throw LeftBehind{shared_->is_to_stop()};
  shared_->asked_back = &work;
  shared_->changed.notify_all();
  // Whoever waits leaves only between two answers: what it is at may use what stands on this stack.
  shared_->changed.wait(lock, [this] { return shared_->asked_back == nullptr || shared_->left_behind; });
  if (std::exchange(shared_->asked_back, nullptr) != nullptr) throw LeftBehind{shared_->is_to_stop()};
  if (shared_->answer) std::rethrow_exception(std::exchange(shared_->answer, nullptr));
}

void LeavableThread::leave(std::shared_ptr<void> object) {
  const std::lock_guard lock(shared_->mutex);
  shared_->add([object = std::move(object)] {});
}

bool LeavableThread::is_left_behind() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->left_behind;
}

int LeavableThread::left_behind(const std::string& connection) { return static_cast<int>(Known<Shared>::get().left_behind(&connection).size()); }

std::optional<SignOfLife::Clock::time_point> LeavableThread::last_left_behind(const std::string& connection) {
  const auto since = Known<Shared>::get().left_behind(&connection);
  return since.empty() ? std::nullopt : std::optional(since.back());
}

bool LeavableThread::any_left_behind() { return !Known<Shared>::get().left_behind(nullptr).empty(); }

void LeavableThread::stop_waiting(const std::string& connection, std::chrono::milliseconds patience) {
  const auto stop_by = SignOfLife::Clock::now() + patience;
  for (const auto& thread : Known<Shared>::get().of(connection)) {
    const std::lock_guard lock(thread->mutex);
    thread->stop_by = std::min(stop_by, thread->stop_by.value_or(stop_by));
    thread->changed.notify_all();
  }
}

}  // namespace engine
