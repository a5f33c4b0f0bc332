// A thread for calls into foreign code that may never come back: who waits for one gives up in time, and leaves the thread behind.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

namespace engine {

/// Shown before and after each foreign call by whoever makes it: work that consists of many calls may last as long as it advances.
class SignOfLife {
 public:
  using Clock = std::chrono::steady_clock;
  void show() { last_ = Clock::now().time_since_epoch().count(); }
  Clock::time_point last() const { return Clock::time_point(Clock::duration(last_)); }

 private:
  std::atomic<Clock::rep> last_{Clock::now().time_since_epoch().count()};
};

/// Whoever waited does not wait any more.
struct LeftBehind {
  bool asked = false;  ///< by `stop_waiting`, not because nothing came back
};

struct LeavableThreadOptions {
  std::string name;        ///< the first 15 characters are shown
  std::string connection;  ///< whose calls it makes
  std::chrono::milliseconds patience{0};  ///< without a sign of life
};

/// Runs what it is given in order. A thread that is left behind is never ended or waited for, and all that was handed to it stays alive: when the call
/// comes back after all, the thread destroys it and ends. What a thread left behind must find until then is not to be owned by anybody else.
class LeavableThread {
  struct Shared;

 public:
  /// What work has of whoever waits for it.
  class Caller {
   public:
    explicit Caller(LeavableThread& thread) : shared_(thread.shared_.get()) {}
    /// Runs on the thread of whoever waits, which throws through. Throws LeftBehind when nobody waits any more.
    void run(const std::function<void()>& work) const;

   private:
    Shared* shared_;  ///< outlives the work, which is its thread's
  };

  /// What work gives or throws, once it is over. Nobody needs to wait for that; what it gave may then be destroyed on any thread.
  template <typename Result>
  class Begun {
    friend LeavableThread;
    struct Outcome {
      std::optional<std::conditional_t<std::is_void_v<Result>, bool, Result>> result{};
      std::exception_ptr problem{};
    };
    std::shared_ptr<Outcome> outcome_ = std::make_shared<Outcome>();
    std::optional<std::uint64_t> number_{};
  };

  LeavableThread(LeavableThreadOptions options, std::shared_ptr<SignOfLife> sign);
  /// Waits as `run` does until all that was left to it is destroyed.
  ~LeavableThread();
  LeavableThread(const LeavableThread&) = delete;
  LeavableThread& operator=(const LeavableThread&) = delete;

  /// Runs `work` on the thread and gives or throws what it does; LeftBehind from then on when it does not come back. `work` owns all it
  /// touches. For one caller at a time.
  template <typename Work>
  std::invoke_result_t<Work&> run(Work work) {
    return finish(begin(std::move(work)));
  }
  /// The same in two steps: between them the caller does something else.
  template <typename Work>
  Begun<std::invoke_result_t<Work&>> begin(Work work);
  template <typename Result>
  Result finish(Begun<Result> begun);
  /// Destroys an object on the thread, behind all that was asked before.
  void leave(std::shared_ptr<void> object);
  bool is_left_behind() const;

  /// Those of a connection that have not come back.
  static int left_behind(const std::string& connection);
  /// When the last of them was left behind. None: all have come back.
  static std::optional<SignOfLife::Clock::time_point> last_left_behind(const std::string& connection);
  /// Then a process must not end by destroying what it has: a call that comes back meanwhile would find it gone.
  static bool any_left_behind();
  /// Whoever waits for one of the connection's threads that there are, from that moment on or later, gets LeftBehind.
  static void stop_waiting(const std::string& connection, std::chrono::milliseconds patience = {});

 private:
  std::optional<std::uint64_t> put(std::function<void()> work);
  void wait_for(std::optional<std::uint64_t> number);
  void leave_behind();

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

template <typename Work>
LeavableThread::Begun<std::invoke_result_t<Work&>> LeavableThread::begin(Work work) {
  using Result = std::invoke_result_t<Work&>;
  Begun<Result> begun;
  auto own = std::make_shared<Work>(std::move(work));
  begun.number_ = put([outcome = begun.outcome_, own = std::move(own)] {
    try {
      if constexpr (std::is_void_v<Result>) (*own)();
      else outcome->result.emplace((*own)());
    } catch (...) {
      outcome->problem = std::current_exception();
    }
  });
  return begun;
}

template <typename Result>
Result LeavableThread::finish(Begun<Result> begun) {
  try {
    wait_for(begun.number_);
  } catch (const LeftBehind&) {
    leave(std::move(begun.outcome_));
    throw;
  }
  if (begun.outcome_->problem) std::rethrow_exception(begun.outcome_->problem);
  if constexpr (!std::is_void_v<Result>) return std::move(*begun.outcome_->result);
}

}  // namespace engine
