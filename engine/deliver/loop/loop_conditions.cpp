// The loop's part that asks before something is sent: `hold_while`.
#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/base/text/durations.h"
#include "engine/deliver/loop/loop.h"
#include "engine/journal/delivery/waits.h"

namespace engine::deliver {

namespace {

/// Who waits is told when a condition ends; now and then one looks, in case that was forgotten.
constexpr std::int64_t asked_about_again_ms = 600'000;
/// Whoever looks again says that he still waits: so much later at the latest he is forgotten where he does not.
constexpr std::int64_t remembered_longer_ms = 60'000;

/// Drivers write several lines, and much.
constexpr std::size_t problem_bytes_max = 300;

std::string reason_of(const settings::HoldWhile& condition, const model::Reply& reply) {
  if (reply.problem.empty()) return journal::kept_back_reason + condition.name;
  std::string problem(cut(reply.problem, problem_bytes_max));
  std::replace(problem.begin(), problem.end(), '\n', ' ');
  return fmt::format("{}nobody can say whether {}: {}", journal::kept_back_reason, condition.name, problem);
}

}  // namespace

/// Whether a condition keeps it from being sent now; then it is released. What was begun goes on: it was asked about when it began.
bool Loop::is_kept_back(const JobPtr& job) {
  const std::vector<settings::HoldWhile>& conditions = job->pipeline->hold_while;
  if (conditions.empty() || options_.dry_run || !job->is_fresh()) return false;
  ENGINE_ASSERT(job->head.questions.size() == conditions.size());
  const journal::Waits waits(job->delivery().waits);
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const settings::HoldWhile& condition = conditions[i];
    const model::Question& question = job->head.questions[i];
    if (waits.is_let_go(condition.name)) continue;
    const model::Reply unasked{.problem = question.problem};
    const bool can_be_asked = question.problem.empty();
    const model::Reply* reply = can_be_asked ? conditions_.reply(question, condition.every_ms, job->delivery().id, steady_ms()) : &unasked;
    if (reply == nullptr) {
      intake_.release(job);
      intake_.wait(job->delivery().id, Conditions::silent_ms_max, false);
      return true;
    }
    if (!reply->any_row && reply->problem.empty()) continue;
    const std::int64_t now_ms = wall_ms();
    const std::int64_t left_ms = std::min(waits.since(condition.name).value_or(now_ms), now_ms) + condition.at_most_ms - now_ms;
    if (left_ms <= 0) {
      conditions_.forget(question, job->delivery().id);
      if (condition.then == settings::HoldWhile::Then::send) continue;
      hold(job, condition);
      return true;
    }
    const bool is_told = !can_be_asked || conditions_.await(question, job->delivery().id, steady_ms() + asked_about_again_ms + remembered_longer_ms);
    keep_back(job, condition, reason_of(condition, *reply), std::min(left_ms, is_told ? asked_about_again_ms : condition.every_ms));
    return true;
  }
  return false;
}

/// It stays pending, with its reason, and since when it waits: that outlives the process, and a newer change of the record.
void Loop::keep_back(const JobPtr& job, const settings::HoldWhile& condition, std::string reason, std::int64_t again_ms) {
  journal::Delivery& delivery = job->delivery();
  journal::Waits waits(delivery.waits);
  const std::int64_t now_ms = wall_ms();
  const auto since_ms = waits.since(condition.name);
  if (since_ms && *since_ms <= now_ms && delivery.reason == reason) {
    intake_.release(job);
    return intake_.wait(delivery.id, again_ms, false);
  }
  waits.begin(condition.name, now_ms);
  delivery.waits = waits.json();
  delivery.reason = std::move(reason);
  delivery.not_before_ms = now_ms + condition.every_ms;
  job->again_ms = steady_ms() + again_ms;
  write(entry_of(job, LedgerEntry::After::release, now_ms));
}

/// It lasted too long: a person decides.
void Loop::hold(const JobPtr& job, const settings::HoldWhile& condition) {
  const std::int64_t now = wall_ms();
  LedgerEntry entry = entry_of(job, LedgerEntry::After::release, now);
  entry.anomaly = journal::Anomaly{.kind = journal::hold_while_kind + condition.name,
                                   .pipeline_id = entry.delivery().pipeline_id,
                                   .cycle_id = entry.delivery().cycle_id,
                                   .text = fmt::format("{}: still so after {}", condition.name, span_text(condition.at_most_ms)),
                                   .numbers = "{}",
                                   .opened_ms = now,
                                   .updated_ms = now};
  write(std::move(entry));
}

void Loop::ask_conditions() {
  for (const model::Question& question : conditions_.take_due(steady_ms())) {
    surroundings_.ask(question, [this, question](model::Reply reply) {
      for (const std::int64_t id : conditions_.said(question, std::move(reply), steady_ms())) intake_.hurry(id);
    });
  }
}

}  // namespace engine::deliver
