#include "engine/pipeline/questions.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "engine/base/error.h"

namespace engine::pipeline {

namespace {

constexpr int in_flight_max = 16;
constexpr std::int64_t short_ms = 60'000;
constexpr std::int64_t wait_ms_max = 120'000;
constexpr int put_off_max = 8;

std::map<std::string, settings::BudgetDefinition> short_allowances(std::map<std::string, settings::BudgetDefinition> budgets) {
  std::erase_if(budgets, [](const auto& each) { return !each.second.distinct.empty(); });
  for (auto& [name, budget] : budgets) {
    std::erase_if(budget.allowances, [](const auto& each) { return each.second.in_ms > short_ms; });
  }
  return budgets;
}

/// None: it is an answer, or one that asking again soon does not mend.
const model::RetryLater* put_off(const model::DeliveryOutcome& outcome) {
  const auto* later = std::get_if<model::RetryLater>(&outcome);
  return later != nullptr && (later->throttled || later->after_ms) ? later : nullptr;
}

}  // namespace

Questions::Questions(model::Target& target, const settings::LimitsDefinition& limits)
    : Questions(target, limits, system_clock(), [](std::int64_t ms) { std::this_thread::sleep_for(Milliseconds(ms)); }) {}

Questions::Questions(model::Target& target, const settings::LimitsDefinition& limits, const Clock& clock, Sleep sleep)
    : target_(target),
      clock_(clock),
      sleep_(std::move(sleep)),
      in_flight_max_(std::clamp(limits.requests_at_once(), 1, in_flight_max)),
      budgets_(short_allowances(limits.budgets)) {}

std::vector<model::CallAnswer> Questions::ask(std::span<const model::Call> calls) {
  questions_.clear();
  // What can't be prepared throws before anything is under way.
  for (const model::Call& call : calls) {
    questions_.push_back({.call = &call, .prepared = target_.prepare(std::span(&call, 1)), .match = model::fields_json(call.match), .permit = {}, .answer = {}});
  }
  for (std::size_t i = 0; i < questions_.size(); ++i) waiting_.push_back(i);
  while (!waiting_.empty() || in_flight_ > 0) {
    if (!send_next()) wait();
  }
  std::vector<model::CallAnswer> answers;
  for (Question& question : questions_) answers.push_back(std::move(question.answer));
  return answers;
}

/// False: something has to come first, an answer or a time.
bool Questions::send_next() {
  if (waiting_.empty() || in_flight_ >= in_flight_max_) return false;
  Question& question = questions_[waiting_.front()];
  const deliver::Spending spending{.kind = question.call->kind,
                                   .object = question.call->object,
                                   .match = question.match,
                                   .remote_id = question.call->remote_id,
                                   .fields = question.call->fields};
  if (!budgets_.is_free() && !budgets_.admit(spending, deliver::Counts::all, question.permit, moment())) return false;
  send(waiting_.front());
  waiting_.pop_front();
  return true;
}

void Questions::send(std::size_t index) {
  ++in_flight_;
  target_.send(questions_[index].prepared, [this, index](std::vector<model::CallAnswer> answers) {
    const std::lock_guard lock(mutex_);
    came_.emplace_back(index, std::move(answers.front()));
    changed_.notify_one();
  });
}

void Questions::wait() {
  std::optional<std::int64_t> wait_ms;
  const bool by_budget = !waiting_.empty() && in_flight_ < in_flight_max_;
  if (const auto opens = by_budget ? budgets_.opens_ms() : std::nullopt) wait_ms = std::max<std::int64_t>(*opens - clock_.steady_ms(), 1);
  if (in_flight_ == 0) {
    // A place that only an answer frees is held by one that is under way.
    ENGINE_ASSERT(wait_ms);
    return *wait_ms > wait_ms_max ? give_up_waiting(*wait_ms) : sleep_(*wait_ms);
  }
  std::deque<Came> came;
  {
    std::unique_lock lock(mutex_);
    const auto any = [this] { return !came_.empty(); };
    if (wait_ms) changed_.wait_for(lock, Milliseconds(*wait_ms), any);
    else changed_.wait(lock, any);
    came.swap(came_);
  }
  for (Came& each : came) settle(std::move(each));
}

void Questions::settle(Came came) {
  --in_flight_;
  Question& question = questions_[came.first];
  question.answer = std::move(came.second);
  const deliver::Permit permit = std::exchange(question.permit, {});
  budgets_.answered(permit, moment());
  for (const model::BudgetReading& reading : question.answer.budgets) budgets_.learn(reading, moment());
  const model::RetryLater* later = put_off(question.answer.outcome);
  if (later == nullptr) return;
  budgets_.refused(later->budget, permit, later->after_ms, moment());
  if (++question.put_off < put_off_max) waiting_.push_front(came.first);
}

/// Whoever asks is told, rather than kept for hours.
void Questions::give_up_waiting(std::int64_t wait_ms) {
  for (const std::size_t index : std::exchange(waiting_, {})) {
    Question& question = questions_[index];
    if (question.put_off > 0) continue;
    question.answer = {.outcome = model::RetryLater{"the target wants to be asked again in " + std::to_string((wait_ms + 999) / 1000) + " s", wait_ms, true}, .any_byte_sent = false};
  }
}

}  // namespace engine::pipeline
