// The loop's half that speaks with the target: requests out, answers in.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/deliver/loop/loop.h"

namespace engine::deliver {

using journal::DeliveryState;
using model::CallKind;

namespace {

/// Nobody else makes any of this delivery meanwhile: the journal need not count them.
journal::Attempt attempt_of(Job& job, std::string request, std::int64_t now_ms) {
  journal::Attempt attempt;
  attempt.delivery_id = job.delivery().id;
  attempt.step = name_of(job.kind);
  attempt.number = ++job.head.attempts;
  attempt.started_ms = now_ms;
  attempt.request = std::move(request);
  return attempt;
}

const std::string& reason_of(const model::DeliveryOutcome& outcome) {
  static const std::string none;
  if (const auto* partial = std::get_if<model::Partial>(&outcome)) return partial->reason;
  if (const auto* later = std::get_if<model::RetryLater>(&outcome)) return later->reason;
  if (const auto* permanent = std::get_if<model::Permanent>(&outcome)) return permanent->reason;
  if (const auto* uncertain = std::get_if<model::Uncertain>(&outcome)) return uncertain->reason;
  return none;
}

bool is_accepted(const model::CallAnswer& answer) { return std::holds_alternative<model::Accepted>(answer.outcome); }

/// As one of a batch, with no word about itself.
bool is_refused(const model::CallAnswer& answer) {
  const auto* permanent = std::get_if<model::Permanent>(&answer.outcome);
  return permanent != nullptr && !permanent->auth && !answer.of_this_record;
}

/// What it reads is what a write waits for, which may travel with others.
bool leads_to_write(const Job& job) { return job.kind == CallKind::find || (job.kind == CallKind::read_back && job.reads_first); }

}  // namespace

/// False: no request can be made of it, and it has ended.
bool Loop::prepare(const JobPtr& job) {
  const model::Call call = make_call(*job, job->kind, surroundings_.journal_id());
  try {
    job->prepared = target_.prepare({&call, 1});
    return true;
  } catch (const Error& error) {
    if (job->is_uncertain()) {
      job->delivery().reason = std::string("cannot be looked up: ") + error.what();
      finish(job);
    } else {
      end(job, DeliveryState::dead, std::string("the request cannot be made: ") + error.what());
    }
    return false;
  }
}

/// Makes `job.kind` happen: directly, in a batch, after a look-up for the id it needs, or when a budget has room.
void Loop::call(const JobPtr& job) {
  const bool needs_id =
      job->kind == CallKind::comment || job->kind == CallKind::find_comment || job->kind == CallKind::read_back ||
      relates(job->kind);
  if (needs_id && !job->head.remote_id && job->traits->has(CallKind::find)) {
    job->after_find = job->kind;
    job->kind = CallKind::find;
  }
  if (options_.dry_run) return suppress(job);
  if (!admit(job)) return park(job);
  if (only_reads(job->kind)) {
    if (!prepare(job)) return;
    ++in_flight_;
    if (leads_to_write(*job)) ++finding_;
    return send({job}, std::move(job->prepared));
  }
  journal::Delivery& delivery = job->delivery();
  delivery.idempotency_key = idempotency_key(surroundings_.journal_id(), *job);
  if (writes_record(job->kind)) {
    delivery.operation = name_of(job->kind);
    if (job->traits->has(CallKind::read_back)) {
      job->sent_fields = model::without_associations(job->kind == CallKind::create ? job->fields : job->changed_fields);
    }
  } else if (relates(job->kind) && delivery.operation.empty()) {
    delivery.operation = name_of(job->kind);
  }
  const bool journaled = is_journaled_first(job->kind, *job->traits, job->moves);
  if (!journaled) job->unjournaled = true;
  if (goes_in_batch(*job)) return add_to_batch(job);
  if (!prepare(job)) return;
  if (journaled) {
    if (job->prepared.request == job->refused_request) {
      return end(job, DeliveryState::dead, "the recipient did not write lately, and the pipeline maps nothing else");
    }
    delivery.frozen = job->prepared.request;
    return begin_attempt(job);
  }
  ++in_flight_;
  send({job}, std::move(job->prepared));
}

/// The frozen request goes out again.
void Loop::resend(const JobPtr& job) {
  job->resends = true;
  if (!admit(job)) return park(job);
  job->resends = false;
  begin_attempt(job);
}

/// The request that would leave now is kept for people, and what is known of the target stays as it is: without dry_run a
/// remap sends what is missing.
void Loop::suppress(const JobPtr& job) {
  journal::Delivery& delivery = job->delivery();
  delivery.idempotency_key = idempotency_key(surroundings_.journal_id(), *job);
  delivery.operation = name_of(job->kind);
  if (!prepare(job)) return;
  end_as(*job, DeliveryState::suppressed, "dry_run");
  delivery.frozen = job->prepared.request;
  finish(job);
}

void Loop::begin_attempt(const JobPtr& job) {
  ++in_flight_;
  write_start(job, job->prepared.request);
}

/// Decision, body, key and attempt are on disk before a byte leaves (rule 2).
void Loop::write_start(const JobPtr& job, std::string request) {
  journal::Delivery& delivery = job->delivery();
  delivery.state = DeliveryState::in_flight;
  delivery.step = name_of(job->kind);
  delivery.reason.clear();
  job->attempt = attempt_of(*job, std::move(request), wall_ms());
  LedgerEntry entry = entry_of(job, LedgerEntry::After::send, wall_ms());
  entry.begun = job->attempt;
  write(std::move(entry));
}

void Loop::send(Jobs jobs, model::PreparedCall prepared) {
  outgoing_.push_back({std::move(jobs), std::move(prepared)});
}

/// What a turn has to send goes out in one go: the target's thread is woken once, and finds all of it.
void Loop::send_out() {
  const std::int64_t now = wall_ms();
  for (Outgoing& each : std::exchange(outgoing_, {})) {
    const auto jobs = std::make_shared<const Jobs>(std::move(each.jobs));
    // Answers come from the target's thread, perhaps when this loop is gone: the poster knows.
    const auto answer = [this, post = post_, jobs](std::vector<model::CallAnswer> answers) {
      post([this, jobs, answers = std::move(answers)] { answered(*jobs, answers); });
    };
    try {
      target_.send(each.prepared, answer);
    } catch (const Error& error) {
      // A request that an earlier configuration froze, which this target cannot read: that ends the delivery, not the process.
      const model::CallAnswer refused{.outcome = model::Permanent{.reason = error.what()}, .any_byte_sent = false};
      answer(std::vector<model::CallAnswer>(jobs->size(), refused));
    }
    const bool is_batch = jobs->size() > 1;
    for (const JobPtr& job : *jobs) {
      if (job->attempt) continue;
      job->attempt = attempt_of(*job, std::move(is_batch ? job->prepared.request : each.prepared.request), now);
    }
  }
}

/// One answer a job, in their order. The attempt ends here; what follows from it is the settlement's.
void Loop::answered(const Jobs& jobs, const std::vector<model::CallAnswer>& answers) {
  ENGINE_ASSERT(answers.size() == jobs.size());
  --in_flight_;
  parked_until_ms_ = 0;
  if (leads_to_write(*jobs.front())) --finding_;
  const std::int64_t now = wall_ms();
  const bool refused_whole = jobs.size() > 1 && std::all_of(answers.begin(), answers.end(), is_refused);
  const BatchKey key(jobs.front()->delivery().object, jobs.front()->kind);
  std::size_t ill = 0;
  for (const model::BudgetReading& reading : answers.front().budgets) budgets_.learn(reading, moment());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    journal::Attempt attempt = *std::exchange(jobs[i]->attempt, std::nullopt);
    const model::CallAnswer& answer = answers[i];
    attempt.ended_ms = now;
    attempt.outcome = std::string(name_of(answer.outcome));
    if (answer.status != 0) attempt.status = answer.status;
    if (const std::string& reason = reason_of(answer.outcome); !reason.empty()) attempt.reason = reason;
    if (!answer.answer.empty()) attempt.answer = answer.answer;
    // That a job is not over is no news.
    const bool goes_on = jobs[i]->kind == CallKind::poll && attempt.id == 0 && is_accepted(answer);
    if (!goes_on) jobs[i]->ended.push_back(std::move(attempt));
    const Permit held = return_permit(jobs[i]);
    if (!refused_whole) {
      ill += settle_job(jobs[i], answer, held, ill > 0) ? 1 : 0;
      continue;
    }
    begin_alone(jobs[i]);
  }
  note_batch(key, jobs, ill);
  ask_later(jobs);
}

/// One bad record may have spoiled it for all: alone, each is judged for itself. That it was refused is on disk before: whatever becomes of this process,
/// it is not uncertain.
void Loop::begin_alone(const JobPtr& job) {
  job->alone = true;
  job->delivery().state = DeliveryState::pending;
  job->delivery().frozen.reset();
  job->delivery().step.clear();
  write(entry_of(job, LedgerEntry::After::begin_anew, wall_ms()));
}

/// True when the connection is ill, which counts once a request, however many records were in it.
bool Loop::settle_job(const JobPtr& job, const model::CallAnswer& answer, const Permit& held, bool ill_before) {
  const SettleOptions options{.retry = options_.retry,
                              .dead_after_tries = options_.dead_after_tries,
                              .ill_wait_ms_max = options_.breaker_wait_ms,
                              .now_ms = wall_ms(),
                              .random = surroundings_.random()};
  const Settled settled = settle(*job, answer, options);
  const bool ill = settled.health == Settled::Health::ill;
  if (!ill || !ill_before) note_health(settled, held);
  follow(job, settled);
  return ill;
}

void Loop::follow(const JobPtr& job, const Settled& settled) {
  using Then = Settled::Then;
  switch (settled.then) {
    case Then::end:
      return finish(job);
    case Then::decide:
      return decide_head(job);
    case Then::call:
      // What was applied is on disk soon, whatever becomes of the reading that follows.
      if (only_reads(job->kind) && job->effects.last_sent) write(entry_of(job, LedgerEntry::After::nothing, wall_ms()));
      return call(job);
    case Then::resend: {
      job->prepared = {.kind = job->kind,
                       .object = job->delivery().object,
                       .records = 1,
                       .request = job->delivery().frozen.value_or("")};
      return resend(job);
    }
    case Then::poll:
      return note_job(job, settled.wait_ms);
    case Then::wait:
      // Refused credentials are waited for by the breaker, and then the scan finds what is pending, but not what is
      // unsure.
      if (settled.health == Settled::Health::auth && job->is_uncertain()) {
        job->again_ms = breaker_.until_ms();
      } else if (settled.health != Settled::Health::auth) {
        job->again_ms = steady_ms() + settled.wait_ms;
        job->is_retry = settled.health == Settled::Health::ill;
        if (job->is_retry) report_.will_retry(*job);
      }
      if (job->is_uncertain() && job->journaled != DeliveryState::uncertain) report_.ended(*job, wall_ms());
      return write(entry_of(job, LedgerEntry::After::release, wall_ms()));
  }
}

/// What an answer says of the connection, beside what it says of the record.
void Loop::note_health(const Settled& settled, const Permit& held) {
  switch (settled.health) {
    case Settled::Health::well:
      if (!breaker_.well()) return;
      report_.connection_event("deliver.target_well", "answers come again");
      return intake_.end_retry_waits();
    case Settled::Health::ill:
      if (!breaker_.ill(steady_ms(), settled.reason)) return;
      report_.connection_event("deliver.breaker_open", settled.reason);
      return intake_.drop_ready();
    case Settled::Health::throttled:
      budgets_.refused(settled.budget, held, settled.after_ms, moment());
      return report_.throttled(settled.budget.empty() ? "connection" : settled.budget);
    case Settled::Health::auth:
      if (!breaker_.is_auth_refused()) report_.connection_event("deliver.auth_refused", settled.reason);
      breaker_.refuse_auth(steady_ms(), settled.reason);
      return intake_.drop_ready();
  }
}

}  // namespace engine::deliver
