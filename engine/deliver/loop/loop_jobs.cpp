// The loop's part that waits for jobs: calls that a target answers first and carries out later.
#include "engine/deliver/loop/loop.h"

namespace engine::deliver {

using model::CallKind;

namespace {
constexpr std::int64_t refused_wait_ms = 1'000;
}

/// The first time, what asks for the job goes to the journal.
void Loop::note_job(const JobPtr& job, std::int64_t wait_ms) {
  polled_.push_back(job);
  polled_wait_ms_ = wait_ms;
  const bool is_new = job->journaled != journal::DeliveryState::in_flight || !job->ended.empty();
  if (is_new) write(entry_of(job, LedgerEntry::After::nothing, wall_ms()));
}

/// Those that began together are asked for together, as long as all of them wait.
void Loop::ask_later(const Jobs& answered) {
  const Jobs waiting = std::exchange(polled_, {});
  if (waiting.empty()) return;
  const auto add = [&](Jobs jobs, const std::string& request) {
    model::PreparedCall prepared{.kind = CallKind::poll,
                                 .object = jobs.front()->delivery().object,
                                 .records = jobs.size(),
                                 .request = request,
                                 .ready = nullptr};
    polls_.emplace(steady_ms() + polled_wait_ms_, Outgoing{std::move(jobs), std::move(prepared)});
  };
  const bool together = waiting.size() == answered.size() && waiting.front()->poll_of_all;
  if (together) return add(waiting, *waiting.front()->poll_of_all);
  for (const JobPtr& job : waiting) {
    job->poll_of_all.reset();
    add({job}, job->delivery().frozen.value_or(""));
  }
}

/// A question takes a place in flight and in the budget like any other request.
bool Loop::may_ask() const {
  return in_flight_ < options_.in_flight && breaker_.allows(steady_ms(), in_flight_) && budgets_.is_open(moment());
}

/// Those that are due, as far as places in flight and budgets allow.
void Loop::ask_for_jobs() {
  while (!polls_.empty() && polls_.begin()->first <= steady_ms() && may_ask()) {
    const auto next = polls_.begin();
    Outgoing poll = std::move(next->second);
    polls_.erase(next);
    const JobPtr& first = poll.jobs.front();
    if (!budgets_.admit(spending(*first), Counts::requests, first->permit, moment())) {
      polls_.emplace(budgets_.opens_ms().value_or(steady_ms() + refused_wait_ms), std::move(poll));
      continue;
    }
    ++in_flight_;
    send(std::move(poll.jobs), std::move(poll.prepared));
  }
}

}  // namespace engine::deliver
