// The loop's part that waits for budgets: what may go out, what is parked until it may, and what the world is told of it.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "engine/deliver/loop/loop.h"

namespace engine::deliver {

namespace {

/// Work that was begun and waits in memory. More than that goes back to the journal and is looked at again later; so does
/// what waits for long: meanwhile it may expire, its record change, its recipient write.
constexpr std::size_t parked_max = 256;
constexpr std::int64_t parked_ms_max = 60'000;
constexpr std::int64_t looked_at_again_ms = 1'000;
constexpr std::int64_t looked_at_again_ms_max = 600'000;
constexpr std::int64_t note_use_every_ms = 2'000;
/// Shorter waits are the ordinary pace of a limit, and no news.
constexpr std::int64_t told_from_ms = 2'000;

}  // namespace

Moment Loop::moment() const { return {.steady_ms = steady_ms(), .wall_ms = wall_ms()}; }

Spending Loop::spending(const Job& job) const {
  const journal::Delivery& delivery = job.head.delivery;
  return {.kind = job.kind, .object = delivery.object, .match = delivery.match, .remote_id = job.head.remote_id,
          .fields = job.fields, .window_open = job.window_open};
}

/// Budgets that count values go on after a restart. Whether a person could be written to freely then is not known any more.
void Loop::recount(const std::vector<journal::Deliveries::Sent>& sent) {
  const Moment now = moment();
  const std::optional<std::string> no_id;
  for (const auto& each : sent) {
    const auto kind = model::call_kind_of(each.step);
    if (!kind) continue;
    const model::FieldMap fields = model::fields_from_json(each.fields);
    budgets_.recount({*kind, each.object, each.match, no_id, fields}, each.at_ms, now);
  }
}

/// A record that joins a batch needs no place of its own among the requests.
bool Loop::admit(const JobPtr& job) {
  if (budgets_.is_free()) return true;
  const Counts counts = joins_batch(*job) ? Counts::records : Counts::all;
  return budgets_.admit(spending(*job), counts, job->permit, moment());
}

/// It keeps its lanes, so what stands behind it waits, too.
void Loop::park(const JobPtr& job) {
  const std::int64_t wait_ms = budgets_.opens_ms().value_or(0) - steady_ms();
  if (job->is_fresh() && (parked_.size() >= parked_max || wait_ms > parked_ms_max)) {
    const std::int64_t id = job->delivery().id;
    const std::int64_t again_ms = std::clamp(wait_ms, looked_at_again_ms, looked_at_again_ms_max);
    kept_back_ = {.budget = budget_shown(), .opens_ms = steady_ms() + wait_ms, .until_ms = steady_ms() + again_ms + told_from_ms};
    intake_.release(job);
    return intake_.wait(id, again_ms, false);
  }
  // What an answer told is on disk while it waits: the process may end, and nothing that is known becomes uncertain.
  if (!job->ended.empty()) write(entry_of(job, LedgerEntry::After::nothing, wall_ms()));
  const auto behind = std::find_if(parked_.begin(), parked_.end(), [&](const JobPtr& other) {
    return job->pipeline->priority < other->pipeline->priority;
  });
  parked_.insert(behind, job);
  parked_until_ms_ = std::min(parked_until_ms_, budgets_.opens_ms().value_or(steady_ms() + looked_at_again_ms));
}

void Loop::pauses_changed() {
  intake_.drop_ready();
  std::erase_if(parked_, [this](const JobPtr& job) {
    if (!job->is_fresh()) return false;
    give_back_permit(job);
    intake_.release(job);
    return true;
  });
}

/// What was begun goes before what is new.
void Loop::resume_parked() {
  if (parked_.empty() || steady_ms() < parked_until_ms_) return;
  parked_until_ms_ = never_ms;
  std::deque<JobPtr> waiting = std::exchange(parked_, {});
  while (!waiting.empty() && may_start()) {
    const JobPtr job = std::move(waiting.front());
    waiting.pop_front();
    if (job->resends) {
      resend(job);
    } else {
      call(job);
    }
  }
  // Kept back by something else than a budget, they are looked at again with the next answer, or soon.
  const bool by_budget = !budgets_.is_free() && !budgets_.is_open(moment());
  const std::int64_t next_ms = by_budget ? budgets_.opens_ms().value_or(never_ms) : steady_ms() + looked_at_again_ms;
  if (!waiting.empty()) parked_until_ms_ = std::min(parked_until_ms_, next_ms);
  parked_.insert(parked_.end(), std::make_move_iterator(waiting.begin()), std::make_move_iterator(waiting.end()));
}

/// The answer came: its places are counted from now on, and others may use what is free.
Permit Loop::return_permit(const JobPtr& job) {
  Permit held = std::exchange(job->permit, {});
  if (held.empty()) return held;
  budgets_.answered(held, moment());
  use_changed_ = budgets_.keeps_use();
  return held;
}

/// Nothing was sent for it, so others may have its places at once.
void Loop::give_back_permit(const JobPtr& job) {
  if (job->permit.empty()) return;
  budgets_.give_back(std::exchange(job->permit, {}));
  parked_until_ms_ = 0;
}

bool Loop::waits_to_start() const {
  return intake_.has_ready() && !budgets_.is_free() && !budgets_.is_open(moment());
}

void Loop::note_budget_wait() {
  const bool waits = waits_to_start() || !parked_.empty();
  if (!waits && waiting_for_.empty()) return;
  const std::int64_t now = steady_ms();
  if (!waiting_for_.empty()) report_.waited_for(waiting_for_, now - waiting_since_ms_);
  waiting_since_ms_ = now;
  waiting_for_ = waits ? budget_shown() : "";
}

bool Loop::must_note_use() const { return use_changed_ && (draining_ || steady_ms() >= note_use_ms_); }

/// Of the budgets that outlive the process; it joins a commit that is due. Killed, the process forgets what went out since.
std::string Loop::use_to_note() {
  if (!must_note_use()) return {};
  use_changed_ = false;
  note_use_ms_ = steady_ms() + note_use_every_ms;
  return budgets_.kept(moment());
}

std::string Loop::budget_shown() const {
  const std::string& name = budgets_.refused_by();
  return name.empty() ? "connection" : name;
}

std::string Loop::budget_reason() const {
  const bool waits = !waiting_for_.empty() && budgets_.opens_ms();
  if (!waits && steady_ms() >= kept_back_.until_ms) return {};
  const std::int64_t wait_ms = (waits ? *budgets_.opens_ms() : kept_back_.opens_ms) - steady_ms();
  if (wait_ms < told_from_ms) return {};
  const std::time_t until = (wall_ms() + wait_ms) / 1'000;
  return fmt::format("waits for its budget ({}) until {:%Y-%m-%d %H:%M:%S} UTC", waits ? waiting_for_ : kept_back_.budget, fmt::gmtime(until));
}

}  // namespace engine::deliver
