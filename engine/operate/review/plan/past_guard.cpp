#include "engine/operate/review/plan/past_guard.h"

#include <algorithm>

#include "engine/base/text/durations.h"

namespace engine::operate {

using journal::EffectCounts;
using pipeline::Effect;

namespace {

constexpr std::size_t holds_max = 20;

std::int64_t hour_of(std::int64_t at_ms) { return at_ms / hour_ms; }

void raise(EffectCounts& largest, const EffectCounts& counts) {
  for (const auto operation : {&EffectCounts::inserts, &EffectCounts::updates, &EffectCounts::deletes}) {
    largest.*operation = std::max(largest.*operation, counts.*operation);
  }
}

/// What was learnt by then; parts of an hour that were released apart are one.
std::vector<journal::EffectHour> learnt_by(const std::vector<journal::EffectHours::Lesson>& lessons, std::int64_t at_ms) {
  std::vector<journal::EffectHour> learnt;
  for (const auto& [hour, known_ms] : lessons) {
    if (known_ms > at_ms) continue;
    if (learnt.empty() || learnt.back().hour_ms != hour.hour_ms) {
      learnt.push_back(hour);
      continue;
    }
    journal::EffectHour& same = learnt.back();
    same.sum += hour.sum;
    raise(same.largest, hour.largest);
  }
  return learnt;
}

}  // namespace

/// Of what is long ago too few of the hours before are left in the journal.
bool PastGuard::knows_rhythm(std::int64_t at_ms) const {
  return limits_.rhythm.is_on && known_.learns_since_ms && at_ms - std::max(*known_.learns_since_ms, known_.known_since_ms) >= limits_.rhythm.learn_ms;
}

bool PastGuard::is_limited(Effect effect, std::int64_t at_ms) const {
  const settings::EffectLimit& limit = effect == Effect::create ? limits_.inserts : effect == Effect::update ? limits_.updates : limits_.deletes;
  return limit.is_set || (limits_.follows_rhythm(limit) && knows_rhythm(at_ms));
}

void PastGuard::enter_hour(std::int64_t at_ms, std::int64_t seq) {
  const std::int64_t number = hour_of(at_ms);
  if (hour_.number != number) hour_ = {.number = number, .first_seq = seq, .effects = {}};
}

void PastGuard::add(const model::Change& change, Effect effect) {
  if (unit_ && !unit_->unit.holds(change)) judge();
  if (effect == Effect::none) return;
  enter_hour(change.captured_ms, change.seq);
  if (!is_limited(effect, change.captured_ms)) return pipeline::add(hour_.effects, effect);
  if (!unit_) unit_ = Counted{.unit = follows_log_ ? guard::Unit::of_log(change) : guard::Unit::of_cycle(change), .last_ms = 0, .effects = {}};
  unit_->last_ms = change.captured_ms;
  pipeline::add(unit_->effects, effect);
}

guard::Verdict PastGuard::judge(const PastCycle& cycle, std::int64_t live) {
  known_.live = live;
  enter_hour(cycle.last_ms, cycle.first_seq);
  unit_ = Counted{.unit = {.first_seq = cycle.first_seq, .first_ms = cycle.last_ms, .cycle_id = cycle.id}, .last_ms = cycle.last_ms, .effects = cycle.effects};
  return judge();
}

void PastGuard::finish() {
  if (unit_) judge();
}

/// Nothing that is learnt within an hour changes what is usual in it.
std::optional<guard::Usual> PastGuard::usual_at(std::int64_t at_ms) {
  if (!knows_rhythm(at_ms)) return std::nullopt;
  if (usual_hour_ != hour_of(at_ms)) {
    usual_hour_ = hour_of(at_ms);
    usual_ = guard::usual_at(learnt_by(known_.lessons, at_ms), std::max(*known_.learns_since_ms, known_.known_since_ms), at_ms);
  }
  return usual_;
}

EffectCounts PastGuard::expected_at(std::int64_t at_ms) const {
  EffectCounts expected;
  for (const journal::Expectation& each : known_.announced) {
    if (each.made_ms <= at_ms && at_ms < each.until_ms) expected += each.left;
  }
  return expected;
}

void PastGuard::use_announced(EffectCounts came) {
  for (journal::Expectation& each : known_.announced) {
    if (each.made_ms > unit_->last_ms || unit_->last_ms >= each.until_ms) continue;
    for (const auto operation : {&EffectCounts::inserts, &EffectCounts::updates, &EffectCounts::deletes}) {
      const std::int64_t taken = std::min(each.left.*operation, came.*operation);
      each.left.*operation -= taken;
      came.*operation -= taken;
    }
  }
}

guard::Situation PastGuard::situation() {
  const std::int64_t last_ms = unit_->last_ms;
  for (; !window_.empty() && window_.front().at_ms < last_ms - limits_.window_ms; window_.pop_front()) {
    in_window_ = in_window_ - window_.front().effects;
  }
  guard::Situation situation{.cycle = unit_->effects, .window = in_window_, .expected = expected_at(last_ms), .live = known_.live};
  situation.usual = usual_at(last_ms);
  if (situation.usual && hour_.number == hour_of(last_ms)) situation.hour = hour_.effects;
  return situation;
}

/// A record that changes often is one record. Different rows are counted only where that may let it pass.
guard::Verdict PastGuard::verdict_on(guard::Situation situation) {
  guard::Verdict verdict = guard::judge(limits_, situation);
  if (!verdict.held || situation.cycle.updates == 0) return verdict;
  const auto rows_since = [this](std::int64_t first_seq) { return count_rows_(first_seq, unit_->unit.first_seq - 1); };
  if (limits_.updates.is_set && situation.window.updates > 0) {
    situation.window.updates = std::min(situation.window.updates, rows_since(window_.front().first_seq));
  }
  if (!situation.usual || situation.hour.updates == 0 || over_hour_ == hour_.number) return guard::judge(limits_, situation);
  situation.hour.updates = std::min(situation.hour.updates, rows_since(hour_.first_seq));
  verdict = guard::judge(limits_, situation);
  if (verdict.held) over_hour_ = hour_.number;
  return verdict;
}

guard::Verdict PastGuard::judge() {
  guard::Verdict verdict = verdict_on(situation());
  if (verdict.held) {
    ++number_;
    if (holds_.size() < holds_max) holds_.push_back({unit_->last_ms, unit_->unit.cycle_id, verdict.text});
  }
  if (verdict.announced.any()) use_announced(verdict.announced);
  const EffectCounts counts = unit_->effects - verdict.announced;
  remember(counts);
  if (known_.learns && !verdict.held) learn(counts);
  unit_.reset();
  return verdict;
}

void PastGuard::remember(const EffectCounts& counts) {
  const std::int64_t slot = unit_->last_ms - unit_->last_ms % journal::Guarding::slot_ms;
  if (window_.empty() || window_.back().at_ms != slot) window_.push_back({.at_ms = slot, .first_seq = unit_->unit.first_seq, .effects = {}});
  window_.back().effects += counts;
  in_window_ += counts;
  if (hour_.number == hour_of(unit_->last_ms)) hour_.effects += counts;
}

void PastGuard::learn(const EffectCounts& counts) {
  const std::int64_t hour = unit_->last_ms - unit_->last_ms % hour_ms;
  if (known_.lessons.empty() || known_.lessons.back().hour.hour_ms != hour) {
    std::erase_if(known_.lessons, [hour](const auto& lesson) { return lesson.hour.hour_ms < hour - journal::EffectHours::kept_ms - 2 * hour_ms; });
    known_.lessons.push_back({.hour = {.hour_ms = hour, .sum = {}, .largest = {}}});
  }
  known_.lessons.back().hour.sum += counts;
  raise(known_.lessons.back().hour.largest, counts);
}

}  // namespace engine::operate
