#include "engine/operate/targets/questions.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace engine::operate {

namespace {

/// Answers come from a thread of the target's.
class Asking {
 public:
  Asking(model::Target& target, std::size_t calls, int in_flight) : target_(target), in_flight_max_(std::clamp(in_flight, 1, 16)), answers_(calls) {}

  void send(const model::PreparedCall& call, std::size_t index) {
    wait_below(in_flight_max_);
    {
      const std::lock_guard lock(mutex_);
      ++in_flight_;
    }
    target_.send(call, [this, index](std::vector<model::CallAnswer> answers) {
      const std::lock_guard lock(mutex_);
      answers_[index] = std::move(answers.front());
      --in_flight_;
      changed_.notify_one();
    });
  }

  std::vector<model::CallAnswer> wait() {
    wait_below(1);
    return std::move(answers_);
  }

 private:
  void wait_below(int limit) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return in_flight_ < limit; });
  }

  model::Target& target_;
  int in_flight_max_;
  std::vector<model::CallAnswer> answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int in_flight_ = 0;
};

}  // namespace

std::vector<model::CallAnswer> ask(model::Target& target, std::span<const model::Call> calls, int in_flight) {
  // What can't be prepared throws before anything is under way.
  std::vector<model::PreparedCall> prepared;
  for (const model::Call& call : calls) prepared.push_back(target.prepare(std::span(&call, 1)));
  Asking asking(target, calls.size(), in_flight);
  for (std::size_t i = 0; i < prepared.size(); ++i) asking.send(prepared[i], i);
  return asking.wait();
}

}  // namespace engine::operate
