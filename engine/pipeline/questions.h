// Questions to a target beside its deliveries: calls that only read, some at once, at the pace that its connection allows.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/deliver/budget/budgets.h"
#include "engine/model/target.h"
#include "engine/settings/target/limits.h"

namespace engine::pipeline {

/// One target's. Allowances of up to a minute are kept to; longer ones are left to deliveries, whose process counts them, and so are budgets of values.
/// What is answered with "later" (429, or a time to wait) is asked again after that; a question that was put off too often, or would have to wait
/// for more than two minutes, keeps that answer. To be used by one thread; answers come from a thread of the target's, which outlives this.
class Questions {
 public:
  using Sleep = std::function<void(std::int64_t ms)>;

  Questions(model::Target& target, const settings::LimitsDefinition& limits);
  /// With time that a test turns: `sleep` lets the clock's pass.
  Questions(model::Target& target, const settings::LimitsDefinition& limits, const Clock& clock, Sleep sleep);

  /// The answers in the order of the calls, when all are there; never more than 16 are under way. Throws config_invalid for a call that cannot
  /// be made; then nothing was sent.
  std::vector<model::CallAnswer> ask(std::span<const model::Call> calls);

 private:
  struct Question {
    const model::Call* call = nullptr;
    model::PreparedCall prepared;
    std::string match;  ///< as budgets know it
    deliver::Permit permit;
    int put_off = 0;
    model::CallAnswer answer;
  };
  using Came = std::pair<std::size_t, model::CallAnswer>;

  deliver::Moment moment() const { return {.steady_ms = clock_.steady_ms(), .wall_ms = clock_.wall_ms()}; }
  bool send_next();
  void send(std::size_t index);
  void wait();
  void settle(Came came);
  void give_up_waiting(std::int64_t wait_ms);

  model::Target& target_;
  const Clock& clock_;
  Sleep sleep_;
  int in_flight_max_;
  deliver::Budgets budgets_;
  std::vector<Question> questions_;
  std::deque<std::size_t> waiting_;
  int in_flight_ = 0;
  std::mutex mutex_;  ///< of what follows
  std::condition_variable changed_;
  std::deque<Came> came_;
};

}  // namespace engine::pipeline
