#include "engine/deliver/loop/loop.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/deliver/applied.h"
#include "engine/deliver/recovery.h"

namespace engine::deliver {

using journal::DeliveryState;
using model::CallKind;

namespace {

constexpr std::int64_t full_wait_ms = 1'000;
/// How long an end that nobody waits for may wait for others to share its commit, and how many are enough.
constexpr std::int64_t group_wait_ms = 25;
constexpr std::size_t group_enough = 1'024;
/// Ends not yet on disk: one group on its way, and the next one that gathers. Beyond that nothing new starts: a slow disk slows sending, and fills no
/// memory with what waits for it, some eight kilobytes each.
constexpr std::size_t unwritten_max = 2 * group_enough;
/// So many calls are given to the target together: it sends these while the next ones are prepared, and is not woken for each.
constexpr std::size_t handed_over_max = 8;
constexpr std::int64_t wait_ms_longest = 60'000;
constexpr std::int64_t held_back_wait_ms = 20;

IntakeOptions intake_options(const DispatcherOptions& options) {
  return {.connection = options.connection,
          .page_min = std::max<std::size_t>(64, 2 * static_cast<std::size_t>(options.in_flight))};
}

}  // namespace

Loop::Loop(Surroundings& surroundings, model::Target& target, const std::map<std::int64_t, PipelineTarget>& pipelines,
           const DispatcherOptions& options, Fatal fatal)
    : surroundings_(surroundings),
      target_(target),
      options_(options),
      fatal_(std::move(fatal)),
      post_(surroundings.poster()),
      intake_(surroundings, target, pipelines, intake_options(options),
              [this](std::exception_ptr error) { failed(error); }),
      breaker_({.opens_after = options.breaker_opens_after, .wait_ms = options.breaker_wait_ms}),
      budgets_(options.budgets),
      report_(options.connection) {}

/// Runs again after a full disk: what it has not committed, it has not done.
void Loop::start() {
  auto recovered = std::make_shared<Recovered>();
  auto work = [recovered, connection = options_.connection, &target = target_, now = wall_ms(),
               budgets_ms = budgets_.recounts_ms()](journal::Records& records) {
    *recovered = recover(records, connection, target, now, budgets_ms);
  };
  surroundings_.write(std::move(work), [this, recovered](std::exception_ptr error) {
    if (error) {
      must_start_ = true;
      return failed(error);
    }
    if (recovered->budget_use) budgets_.restore(*recovered->budget_use, moment());
    recount(recovered->sent);
    intake_.set_suspect_seq(recovered->suspect_seq);
    for (const journal::Delivery& delivery : recovered->uncertain) {
      intake_.wait(delivery.id, std::max<std::int64_t>(0, delivery.not_before_ms - wall_ms()), true);
    }
    started_ = true;
    full_until_ms_ = 0;
  });
}

void Loop::look_again() {
  breaker_.try_now();
  intake_.end_retry_waits();
  intake_.look_again();
}

void Loop::turn() {
  if (dead_) return;
  if (must_start_ && steady_ms() >= full_until_ms_) {
    must_start_ = false;
    start();
  }
  const bool paused = breaker_.is_open() && !breaker_.allows(steady_ms(), 0);
  if (started_ && !draining_ && !paused) {
    // What was begun goes before what is new.
    ask_for_jobs();
    resume_parked();
    while (may_start() && intake_.has_ready()) {
      begin_job(intake_.next());
      if (outgoing_.size() >= handed_over_max) send_out();
    }
    send_batches();
    ask_conditions();
    intake_.fill();
  } else if (draining_) {
    // Their places in flight are taken: what was begun is not left half way.
    send_batches();
  }
  send_out();
  flush();
  note_budget_wait();
}

bool Loop::may_start() const {
  if (in_flight_ >= options_.in_flight && !filling_) return false;
  if (unwritten_ + entries_.size() >= unwritten_max) return false;
  const std::int64_t now = steady_ms();
  if (now < full_until_ms_ || !breaker_.allows(now, in_flight_)) return false;
  // A batch that is being filled has its place already.
  return budgets_.is_free() || filling_ || budgets_.is_open(moment());
}

/// Each thing that time alone can bring about must stand here, or it would wait for the next event.
std::int64_t Loop::wait_ms() const {
  const std::int64_t now = steady_ms();
  std::int64_t until = now + wait_ms_longest;
  if (full_until_ms_ > now) until = std::min(until, full_until_ms_);
  if (!writing_ && !entries_.empty()) until = std::min(until, std::max(flush_ms_, full_until_ms_));
  if (!writing_ && use_changed_) until = std::min(until, std::max(note_use_ms_, full_until_ms_));
  if (!started_ || draining_ || dead_) return std::max<std::int64_t>(0, until - now);
  if (breaker_.is_open() && !breaker_.allows(now, 0)) return std::min(until, breaker_.until_ms()) - now;
  for (const auto& [key, batch] : batches_) until = std::min(until, batch.opened_ms + batch_wait_ms);
  if (const auto next = intake_.next_ms()) until = std::min(until, *next);
  if (const auto next = conditions_.next_ms()) until = std::min(until, *next);
  if (!polls_.empty() && may_ask()) until = std::min(until, polls_.begin()->first);
  if (!parked_.empty()) until = std::min(until, parked_until_ms_);
  if (waits_to_start()) until = std::min(until, budgets_.opens_ms().value_or(until));
  return std::max<std::int64_t>(0, until - now);
}

DispatcherStatus Loop::status() const {
  DispatcherStatus status{.state = "running", .in_flight = in_flight_, .delivered = report_.delivered()};
  status.reason = budget_reason();
  if (breaker_.is_open()) {
    status.state = breaker_.is_auth_refused() ? "auth_refused" : "open";
    status.reason = breaker_.reason();
  }
  if (full_until_ms_ > 0) status = {.state = "paused", .reason = "the journal's disk is full", .in_flight = in_flight_};
  if (draining_ || dead_) status.state = "stopped";
  return status;
}

void Loop::begin_job(const JobPtr& job) {
  if (job->traits == nullptr) {
    const auto& delivery = job->delivery();
    if (job->is_uncertain()) return intake_.release(job);
    return end(job, DeliveryState::dead, "the target knows no object '" + delivery.object + "'");
  }
  // What was begun before dry_run was said may be at the target: it stays open until it may be looked up.
  const bool begun = job->is_uncertain() || job->delivery().frozen;
  if (options_.dry_run && begun) return intake_.release(job);
  if (job->is_uncertain()) {
    // What remains to be done once it is settled is known by its fields.
    if (job->delivery().present && job->delivery().fields)
      job->fields = model::fields_from_json(*job->delivery().fields);
    job->kind = job->delivery().step == name_of(CallKind::comment) ? CallKind::find_comment : CallKind::find;
    return call(job);
  }
  if (!job->delivery().step.empty()) return resume(job);
  decide_head(job);
}

/// Goes on where an earlier try or process stopped: with the frozen request, or with the call that remains.
void Loop::resume(const JobPtr& job) {
  journal::Delivery& delivery = job->delivery();
  const auto kind = model::call_kind_of(delivery.step);
  if (!kind) {
    delivery.step.clear();
    return decide_head(job);
  }
  job->kind = *kind;
  if (delivery.present && delivery.fields) job->fields = model::fields_from_json(*delivery.fields);
  if (!delivery.present) job->fields = job->pipeline->on_delete_update;
  if (delivery.drift) job->drift.emplace(delivery.drift).leave(job->fields);
  job->changed_fields = job->sent_fields = job->fields;
  const std::string& match = addressed_match(delivery, job->head.last_sent);
  job->moves = delivery.present && match != delivery.match;
  if (!delivery.frozen) {
    if (only_reads(*kind) || *kind == CallKind::comment) return call(job);
    if (const auto relation = relates(*kind) ? next_association(*job) : std::nullopt) {
      job->kind = relation->kind;
      return call(job);
    }
    delivery.step.clear();
    job->drift.reset();
    return decide_head(job);
  }
  if (writes_record(*kind) && !job->traits->has(*kind)) {
    mark_sent_unknown(*job, wall_ms());
    return end(job, DeliveryState::dead, fmt::format("a '{}' was under way, and the target no longer offers that call", name_of(*kind)));
  }
  job->suspected = true;
  job->prepared = {.kind = *kind, .object = delivery.object, .records = 1, .request = *delivery.frozen};
  resend(job);
}

void Loop::decide_head(const JobPtr& job) {
  const journal::Delivery& delivery = job->delivery();
  const std::string& match = addressed_match(delivery, job->head.last_sent);
  const bool is_elsewhere = match != delivery.match && match != "{}" && delivery.also_match != match;
  if (is_elsewhere) return occupy_other_lane(job, match);
  job->window_open = job->head.window_until_ms > wall_ms();
  // What an earlier try kept counts no more: the record is read again, or overwritten.
  if (!job->drift && journal::Drift(delivery.drift).keeps_any()) job->delivery().drift.reset();
  const HeadFacts facts{.delivery = delivery,
                        .last_sent = job->head.last_sent,
                        .remote_id = job->head.remote_id,
                        .may_have_been_sent = job->may_have_been_sent,
                        .taken_over = job->head.taken_over,
                        .absent_at_target = job->absent_at_target,
                        .now_ms = wall_ms(),
                        .awaits = job->head.awaits,
                        .reference_problem = job->head.reference_problem,
                        .drift = job->drift ? &*job->drift : nullptr};
  act_on(job, decide(facts, *job->traits, *job->pipeline));
}

/// The record is in a lane that was not known when the delivery was planned: its turn comes when it is the head there,
/// too.
void Loop::occupy_other_lane(const JobPtr& job, const std::string& match) {
  auto work = [id = job->delivery().id, match](journal::Records& records) {
    records.deliveries.occupy_also(id, match);
  };
  ++unwritten_;
  surroundings_.write(std::move(work), [this, job](std::exception_ptr error) {
    --unwritten_;
    if (error) failed(error);
    intake_.release(job);
    intake_.wait(job->delivery().id, 0, false);
  });
}

void Loop::act_on(const JobPtr& job, Decision decision) {
  using What = Decision::What;
  const bool would_send = decision.what == What::call || decision.what == What::find_first;
  if (job->head.held_back && (would_send || decision.what == What::skip)) {
    // What kept it back has ended since it was read: its bundle is looked at anew.
    intake_.release(job);
    return intake_.wait(job->delivery().id, held_back_wait_ms, false);
  }
  if (would_send && (is_kept_back(job) || yields_to_drift(job, decision))) return;
  switch (decision.what) {
    case Decision::What::skip: {
      // Found to be gone without us, or another row's: it is not live any more for this one.
      auto& sent = job->head.last_sent;
      if ((job->absent_at_target || job->head.taken_over) && sent && sent->live) {
        sent->live = false;
        sent->fields.reset();
        job->effects.last_sent = sent;
      }
      job->effects.supersede_dead = job->head.has_dead;
      return end(job, DeliveryState::skipped, std::move(decision.reason));
    }
    case Decision::What::expire:
      return end(job, DeliveryState::expired, std::move(decision.reason));
    case Decision::What::dead:
      return end(job, DeliveryState::dead, std::move(decision.reason));
    case Decision::What::wait:
      return wait_for_others(job, decision);
    case Decision::What::find_first:
      job->kind = CallKind::find;
      break;
    case Decision::What::call:
      job->kind = decision.kind;
      job->fields = std::move(decision.fields);
      job->changed_fields = std::move(decision.changed_fields);
      job->moves = decision.moves;
      break;
  }
  call(job);
}

/// It stays pending, with its reason; what it waits for wakes it.
void Loop::wait_for_others(const JobPtr& job, const Decision& decision) {
  // Nothing is delivered, so nobody ever comes.
  if (options_.dry_run) return end(job, DeliveryState::suppressed, "dry_run: " + decision.reason);
  const std::int64_t id = job->delivery().id;
  if (job->delivery().reason == decision.reason) {
    intake_.release(job);
    return intake_.wait(id, decision.wait_ms, false);
  }
  job->delivery().reason = decision.reason;
  job->again_ms = steady_ms() + decision.wait_ms;
  write(entry_of(job, LedgerEntry::After::release, wall_ms()));
}

void Loop::end(const JobPtr& job, DeliveryState state, std::string reason) {
  end_as(*job, state, std::move(reason));
  finish(job);
}

void Loop::finish(const JobPtr& job) {
  give_back_permit(job);
  report_.ended(*job, wall_ms());
  write(entry_of(job, LedgerEntry::After::release, wall_ms()));
}

/// The end of an upsert that went out without a trace may wait: killed before it is on disk, it is sent once more, as it
/// would be had the answer been lost. All else is written at once.
void Loop::write(LedgerEntry entry) {
  const bool may_wait = entry.unjournaled && entry.delivery().state == DeliveryState::delivered;
  if (!may_wait) {
    flush_ms_ = 0;
  } else if (entries_.empty()) {
    flush_ms_ = steady_ms() + group_wait_ms;
  }
  entries_.push_back(std::move(entry));
}

bool Loop::waits_for_more() const {
  return in_flight_ > 0 && !draining_ && entries_.size() < group_enough && steady_ms() < flush_ms_;
}

/// One write at a time: what comes meanwhile shares the next commit.
void Loop::flush() {
  if (writing_ || steady_ms() < full_until_ms_) return;
  if ((entries_.empty() || waits_for_more()) && !must_note_use()) return;
  writing_ = true;
  auto entries = std::make_shared<Entries>(std::exchange(entries_, {}));
  unwritten_ += entries->size();
  auto work = [entries, now = wall_ms(), use = use_to_note(), &connection = options_.connection](
                  journal::Records& records) {
    for (LedgerEntry& entry : *entries) write_entry(records, entry, now);
    if (!use.empty()) records.deliveries.put_budget_use(connection, use, now);
  };
  surroundings_.write(std::move(work), [this, entries](std::exception_ptr error) { written(entries, error); });
}

void Loop::written(const std::shared_ptr<Entries>& entries, std::exception_ptr error) {
  writing_ = false;
  unwritten_ -= entries->size();
  if (error) {
    use_changed_ = budgets_.keeps_use();
    // Nothing was kept: the same entries are written again, before all later ones.
    entries_.insert(entries_.begin(), std::make_move_iterator(entries->begin()),
                    std::make_move_iterator(entries->end()));
    return failed(error);
  }
  full_until_ms_ = 0;
  for (LedgerEntry& entry : *entries) after_write(entry);
  report_.flush();
}

/// On disk now: what was to be sent goes out, what has ended gives its lanes back.
void Loop::after_write(LedgerEntry& entry) {
  if (entry.opened_anomaly) report_.held(*entry.job, entry.anomaly->text);
  if (entry.after == LedgerEntry::After::release) {
    intake_.release(entry.job);
    const auto& again_ms = entry.job->again_ms;
    // Where somebody else has decided, this wait says nothing any more.
    if (again_ms && entry.written)
      intake_.wait(entry.job->delivery().id, std::max<std::int64_t>(0, *again_ms - steady_ms()), entry.job->is_retry);
    return;
  }
  if (entry.after == LedgerEntry::After::begin_anew) return entry.written && !entry.yielded ? intake_.put_back(entry.job) : intake_.release(entry.job);
  if (entry.after != LedgerEntry::After::send) return;
  if (entry.job->starting) return batch_written(entry);
  if (!entry.written || entry.yielded) {
    --in_flight_;
    give_back_permit(entry.job);
    return intake_.release(entry.job);
  }
  entry.job->attempt->id = entry.begun_id;
  send({entry.job}, std::move(entry.job->prepared));
}

/// A full disk is waited for; whatever else befalls the journal ends the process: nothing may leave without it.
void Loop::failed(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    if (known.code() == ErrorCode::journal_full) {
      if (full_until_ms_ == 0) report_.connection_event("deliver.journal_full", known.what());
      full_until_ms_ = steady_ms() + full_wait_ms;
      return;
    }
  } catch (const std::exception&) {
    // Told by whoever stops the process.
  }
  if (std::exchange(dead_, true)) return;
  fatal_(error);
}

}  // namespace engine::deliver
