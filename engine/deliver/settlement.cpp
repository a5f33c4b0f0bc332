#include "engine/deliver/settlement.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/deliver/applied.h"
#include "engine/model/read_back.h"

namespace engine::deliver {

using journal::DeliveryState;
using model::CallAnswer;
using model::CallKind;
using Then = Settled::Then;
using Health = Settled::Health;

namespace {

/// So often a try comes soon after the last one, however long the policy would wait.
constexpr int soon_tries = 20;
/// A create is told that the record exists, and a find does not show it: so often it is looked for.
constexpr int looks_for_existing = 5;

/// What was decided is done; only the id that other records refer to is looked up yet.
bool finds_id_of_written(const journal::Delivery& delivery) { return delivery.step == name_of(CallKind::find); }

/// One answer on its way to its consequences.
class Settling {
 public:
  Settling(Job& job, const CallAnswer& answer, const SettleOptions& options)
      : job_(job), delivery_(job.delivery()), answer_(answer), options_(options) {}

  Settled run() {
    if (job_.kind == CallKind::poll && !speaks_of_poll()) end_polling();
    return std::visit([this](const auto& outcome) { return on(outcome); }, answer_.outcome);
  }

 private:
  Settled on(const model::Delivered& outcome) { return taken(outcome.remote_id); }
  /// Asking for the job failed, or it is not over: of the delivery nothing is known yet.
  bool speaks_of_poll() const {
    if (const auto* refused = std::get_if<model::Permanent>(&answer_.outcome)) return refused->auth;
    const bool later = std::holds_alternative<model::RetryLater>(answer_.outcome) && !answer_.of_this_record;
    return later || std::holds_alternative<model::Accepted>(answer_.outcome);
  }

  /// What is told now, is told of the call that began the job.
  void end_polling() {
    job_.kind = model::call_kind_of(delivery_.operation).value_or(CallKind::create);
    job_.suspected = false;
    delivery_.frozen.reset();
    delivery_.step = name_of(job_.kind);
  }

  /// Its name is on disk before it is asked for: killed meanwhile, we go on asking.
  Settled on(const model::Accepted& outcome) {
    if (!outcome.poll.empty()) delivery_.frozen = outcome.poll;
    if (outcome.poll_of_all) job_.poll_of_all = outcome.poll_of_all;
    job_.kind = CallKind::poll;
    delivery_.state = DeliveryState::in_flight;
    delivery_.step = name_of(CallKind::poll);
    delivery_.tries = 0;
    return {.then = Then::poll, .wait_ms = outcome.after_ms};
  }

  /// The job goes on whether it can be asked for or not: however often that fails, the delivery does not end by it.
  Settled asked_in_vain(const model::RetryLater& outcome) {
    const std::int64_t own_ms = options_.retry.wait_ms(++delivery_.tries, options_.random);
    const std::int64_t wait_ms = std::max(outcome.after_ms.value_or(0), std::min(own_ms, options_.ill_wait_ms_max));
    return {.then = Then::poll, .health = outcome.throttled ? Health::throttled : Health::ill, .wait_ms = wait_ms,
            .reason = outcome.reason, .budget = outcome.budget, .after_ms = outcome.after_ms};
  }

  Settled on(const model::Duplicate& outcome) { return taken(outcome.remote_id); }

  Settled on(const model::Partial& outcome) {
    job_.partial_reason = outcome.reason;
    for (const std::string& name : outcome.refused)
      job_.partial_reason += (&name == &outcome.refused[0] ? " (" : ", ") + name;
    if (!outcome.refused.empty()) job_.partial_reason += ")";
    if (job_.kind == CallKind::read_back) return read();
    if (!writes_record(job_.kind)) return dead(outcome.reason);
    return partly_taken(outcome);
  }

  Settled on(const model::RetryLater& outcome) {
    if (job_.kind == CallKind::poll) return asked_in_vain(outcome);
    // A connector that may repeat a call says "later" for a lost answer, too: then it may have been applied.
    const bool refused = outcome.throttled || !answer_.any_byte_sent || (answer_.status >= 400 && answer_.status < 500);
    const bool suspected = !refused && !only_reads(job_.kind) && says_later_when_lost();
    if (outcome.throttled) return throttled(outcome);
    if (suspected && !may_be_repeated()) return uncertain(outcome.reason);
    return again(outcome.reason, outcome.after_ms, suspected, Health::ill);
  }

  Settled on(const model::Uncertain& outcome) {
    if (!answer_.any_byte_sent || only_reads(job_.kind)) return again(outcome.reason, {}, false, Health::ill);
    if (may_be_repeated()) return again(outcome.reason, {}, true, Health::ill);
    return uncertain(outcome.reason);
  }

  Settled on(const model::Permanent& outcome) {
    if (outcome.auth) return refused_auth(outcome.reason);
    if (outcome.window_closed && job_.window_open) return outside_window();
    if (job_.kind == CallKind::find && outcome.missing) return found_none();
    if (outcome.exists && job_.kind == CallKind::create) return already_there(outcome.reason);
    if (outcome.missing && is_removal(job_.kind)) return taken(std::nullopt);
    const bool is_gone = outcome.missing && !job_.went_missing && (job_.kind == CallKind::update || reads_first());
    if (is_gone) return vanished(job_, options_.now_ms);
    if (reads_first()) return dead("it cannot be read before it is overwritten: " + outcome.reason);
    if (job_.kind == CallKind::read_back) mark_unknown();
    if (job_.is_uncertain()) return unresolved(outcome.reason);
    return dead(outcome.reason);
  }

  Settled taken(const std::optional<std::string>& remote_id) {
    switch (job_.kind) {
      case CallKind::find:
        return found();
      case CallKind::find_comment:
        return found_comment();
      case CallKind::read_back:
        return read();
      case CallKind::comment:
        return go_on_after(job_, CallKind::comment, options_.now_ms);
      case CallKind::associate:
      case CallKind::dissociate:
        return related();
      default:
        return applied(remote_id);
    }
  }

  Settled applied(const std::optional<std::string>& remote_id) {
    record_applied(remote_id);
    return go_on_after(job_, job_.kind, options_.now_ms);
  }

  Settled related() {
    const auto done = next_association(job_);
    auto& sent = job_.head.last_sent;
    if (done && sent && sent->fields) {
      model::FieldMap fields = model::fields_from_json(*sent->fields);
      note_association(*done, fields);
      sent->fields = fields_json(fields);
      sent->sent_ms = options_.now_ms;
      job_.effects.last_sent = sent;
    }
    job_.suspected = false;
    return go_on_after(job_, job_.kind, options_.now_ms);
  }

  void record_applied(const std::optional<std::string>& remote_id) {
    remember_sent(delivery_.present ? delivery_.fields : std::nullopt, delivery_.present);
    remember_remote_id(job_, remote_id ? remote_id : job_.head.remote_id);
    job_.suspected = false;
  }

  void remember_sent(std::optional<std::string> fields, bool live) {
    deliver::remember_sent(job_, std::move(fields), live, options_.now_ms);
  }

  void mark_unknown() { mark_sent_unknown(job_, options_.now_ms); }

  /// A success that was none for some fields: what is there decides.
  Settled partly_taken(const model::Partial& outcome) {
    if (is_removal(job_.kind)) {
      mark_unknown();
      return dead(job_.partial_reason);
    }
    record_applied(outcome.remote_id);
    if (job_.traits->has(CallKind::read_back) && !job_.sent_fields.empty()) {
      job_.kind = CallKind::read_back;
      delivery_.state = DeliveryState::in_flight;
      delivery_.step = name_of(CallKind::read_back);
      delivery_.frozen.reset();
      return {.then = Then::call};
    }
    if (delivery_.present && !outcome.refused.empty()) {
      remember_sent(fields_json(model::held_fields(job_.fields, outcome.refused, {})), true);
    } else {
      mark_unknown();
    }
    return dead(job_.partial_reason);
  }

  bool reads_first() const { return job_.reads_first && job_.kind == CallKind::read_back; }

  Settled read() { return job_.reads_first ? look_for_drift(job_, answer_.fields) : compared(); }

  Settled compared() {
    const std::vector<std::string> refused = model::refused_fields(job_.sent_fields, answer_.fields);
    const bool key_lost = std::holds_alternative<model::Partial>(answer_.outcome);
    if (refused.empty() && !key_lost) return go_on_after(job_, CallKind::read_back, options_.now_ms);
    if (delivery_.present) remember_sent(fields_json(model::held_fields(job_.fields, refused, answer_.fields)), true);
    std::string reason = "the target did not take ";
    reason += refused.empty() ? "the match value" : fmt::format("{}", fmt::join(refused, ", "));
    if (!job_.partial_reason.empty()) reason += ": " + job_.partial_reason;
    return dead(std::move(reason));
  }

  Settled found() {
    if (answer_.found.size() > 1) {
      std::string reason =
          fmt::format("{} records have this match value: {}", answer_.found.size(), fmt::join(answer_.found, ", "));
      return dead(std::move(reason));
    }
    if (answer_.found.empty()) return found_none();
    job_.head.remote_id = answer_.found.front();
    const std::string& match = addressed_match(delivery_, job_.head.last_sent);
    if (match != "{}") {
      job_.effects.found_remote_id = job_.head.remote_id;
      job_.effects.remote_match = match;
    }
    if (job_.is_uncertain()) {
      job_.kind = CallKind::create;
      return applied(job_.head.remote_id);
    }
    if (finds_id_of_written(delivery_)) return go_on_after(job_, CallKind::find, options_.now_ms);
    if (!job_.after_find) return {.then = Then::decide};
    job_.kind = *job_.after_find;
    job_.after_find.reset();
    return {.then = Then::call};
  }

  Settled found_none() {
    if (job_.is_uncertain()) return looked_in_vain(CallKind::create);
    if (finds_id_of_written(delivery_)) return not_shown_yet();
    if (job_.reads_first && !job_.went_missing) return vanished(job_, options_.now_ms);
    if (job_.after_find) return dead("the record cannot be found by its match value any more");
    job_.absent_at_target = true;
    return {.then = Then::decide};
  }

  /// The record was written, so a search lags; in the end it goes on without its id, which `link` finds later.
  Settled not_shown_yet() {
    if (++delivery_.looks >= looks_for_existing) return go_on_after(job_, CallKind::find, options_.now_ms);
    delivery_.state = DeliveryState::pending;
    const std::int64_t wait_ms = std::max(job_.traits->consistent_after_ms, options_.retry.first_wait_ms);
    delivery_.not_before_ms = options_.now_ms + wait_ms;
    return {.then = Then::wait, .wait_ms = wait_ms};
  }

  Settled found_comment() {
    if (!answer_.found.empty()) return go_on_after(job_, CallKind::comment, options_.now_ms);
    return looked_in_vain(CallKind::comment);
  }

  /// Searches lag behind writes: only a second look proves that nothing is there (rule 7).
  Settled looked_in_vain(CallKind unsure) {
    if (++delivery_.looks < 2) {
      const std::int64_t wait_ms = std::max(job_.traits->consistent_after_ms, options_.retry.first_wait_ms);
      delivery_.not_before_ms = options_.now_ms + wait_ms;
      return {.then = Then::wait, .wait_ms = wait_ms};
    }
    job_.kind = unsure;
    delivery_.looks = 0;
    if (!delivery_.frozen) return made_anew();
    if (unsure == CallKind::create) {
      remember_sent(std::nullopt, false);
      job_.effects.yield_to_delete = true;
    }
    return {.then = Then::resend};
  }

  /// What was sent is not kept any more: a job took its place, and is not known either.
  Settled made_anew() {
    remember_sent(std::nullopt, false);
    job_.absent_at_target = true;
    delivery_.state = DeliveryState::pending;
    delivery_.step.clear();
    return {.then = Then::decide};
  }

  /// It stays uncertain: a person, or the target's own report, has to say what became of it.
  Settled unresolved(const std::string& reason) {
    delivery_.reason = "may have been applied, and looking it up was refused: " + reason;
    return {.then = Then::end, .reason = delivery_.reason};
  }

  /// A create met a record with this match value: it was made meanwhile, or by somebody else, and a search lags behind.
  Settled already_there(const std::string& reason) {
    if (job_.pipeline != nullptr && job_.pipeline->mode == settings::WriteMode::create_only)
      return end_as(job_, DeliveryState::skipped, "the record is there, and the pipeline only creates");
    if (!job_.traits->has(CallKind::find) || ++delivery_.looks > looks_for_existing) return dead(reason);
    job_.absent_at_target = job_.suspected = false;
    back_to_pending();
    delivery_.reason = reason;
    const std::int64_t wait_ms = std::max(job_.traits->consistent_after_ms, options_.retry.first_wait_ms);
    delivery_.not_before_ms = options_.now_ms + wait_ms;
    return {.then = Then::wait, .wait_ms = wait_ms, .reason = reason};
  }

  /// He wrote longer ago than we thought: what is allowed then is decided anew.
  Settled outside_window() {
    job_.window_open = false;
    job_.head.window_until_ms = 0;
    job_.effects.closed_window_of = recipient_of(delivery_, *job_.traits);
    job_.refused_request = delivery_.frozen.value_or("");
    delivery_.frozen.reset();
    return {.then = Then::decide};
  }

  bool says_later_when_lost() const {
    const model::CallTraits& traits = job_.traits->of(job_.kind);
    return traits.native_upsert || traits.repeat_safe || may_be_repeated();
  }

  bool may_be_repeated() const {
    return may_repeat(job_.kind, *job_.traits, job_.head.remote_id.has_value(), job_.moves);
  }

  /// Nothing was wrong with the delivery: no try is counted.
  Settled throttled(const model::RetryLater& outcome) {
    const std::int64_t wait_ms = outcome.after_ms.value_or(options_.retry.first_wait_ms);
    delivery_.not_before_ms = options_.now_ms + wait_ms;
    delivery_.reason = outcome.reason;
    back_to_pending();
    return {.then = Then::wait, .health = Health::throttled, .wait_ms = wait_ms, .reason = outcome.reason,
            .budget = outcome.budget, .after_ms = outcome.after_ms};
  }

  Settled again(const std::string& reason, std::optional<std::int64_t> after_ms, bool suspected, Health health) {
    if (suspected && writes_record(job_.kind)) mark_unknown();
    job_.suspected = job_.suspected || suspected;
    ++delivery_.tries;
    if (options_.dead_after_tries > 0 && delivery_.tries >= options_.dead_after_tries) {
      Settled given_up = dead(fmt::format("given up after {} tries: {}", delivery_.tries, reason));
      given_up.health = health;
      return given_up;
    }
    std::int64_t wait_ms = options_.retry.wait_ms(delivery_.tries, options_.random);
    if (delivery_.tries <= soon_tries) wait_ms = std::min(wait_ms, options_.ill_wait_ms_max);
    wait_ms = std::max(wait_ms, after_ms.value_or(0));
    delivery_.not_before_ms = options_.now_ms + wait_ms;
    delivery_.reason = reason;
    back_to_pending();
    return {.then = Then::wait, .health = health, .wait_ms = wait_ms, .reason = reason};
  }

  /// Where the delivery goes on: with the same request when that may have been applied, else with a new decision,
  /// unless the record was written already.
  void back_to_pending() {
    if (job_.is_uncertain()) return;
    delivery_.state = DeliveryState::pending;
    const bool journaled = is_journaled_first(job_.kind, *job_.traits, job_.moves);
    if (finds_id_of_written(delivery_)) return;
    if (only_reads(job_.kind)) {
      const CallKind later = job_.kind == CallKind::find ? job_.after_find.value_or(CallKind::find) : job_.kind;
      delivery_.step = later == CallKind::find || job_.reads_first ? "" : std::string(name_of(later));
      return;
    }
    if (!journaled || !job_.suspected) {
      delivery_.frozen.reset();
      delivery_.step = writes_record(job_.kind) ? "" : std::string(name_of(job_.kind));
    }
  }

  /// Nothing is wrong with the delivery: it waits with all others of the connection, and no try is counted.
  Settled refused_auth(const std::string& reason) {
    delivery_.reason = reason;
    back_to_pending();
    return {.then = Then::wait, .health = Health::auth, .reason = reason};
  }

  /// Looked up after searches have caught up, where that can be; else it waits for a report or a person.
  Settled uncertain(const std::string& reason) {
    if (writes_record(job_.kind)) mark_unknown();
    delivery_.state = DeliveryState::uncertain;
    delivery_.reason = reason;
    delivery_.looks = 0;
    const CallKind look = job_.kind == CallKind::comment ? CallKind::find_comment : CallKind::find;
    const bool can_look = job_.traits->has(look) && (look == CallKind::find_comment || job_.kind == CallKind::create);
    if (!can_look) return {.then = Then::end, .health = Health::ill, .reason = reason};
    const std::int64_t wait_ms = job_.traits->consistent_after_ms;
    delivery_.not_before_ms = options_.now_ms + wait_ms;
    return {.then = Then::wait, .health = Health::ill, .wait_ms = wait_ms, .reason = reason};
  }

  Settled dead(std::string reason) { return end_as(job_, DeliveryState::dead, std::move(reason)); }

  Job& job_;
  journal::Delivery& delivery_;
  const CallAnswer& answer_;
  const SettleOptions& options_;
};

}  // namespace

Settled settle(Job& job, const CallAnswer& answer, const SettleOptions& options) {
  return Settling(job, answer, options).run();
}

}  // namespace engine::deliver
