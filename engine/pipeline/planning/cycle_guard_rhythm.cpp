// What CycleGuard learns of a pipeline's rhythm, and what it asks of it.
#include <algorithm>

#include "engine/base/text/durations.h"
#include "engine/pipeline/planning/cycle_guard.h"

namespace engine::pipeline {

namespace {

/// A shorter time in which nothing was read is one as between other cycles.
constexpr std::int64_t down_ms_min = 10 * minute_ms;
/// So long after a start the first cycles come, which bring what was done while the daemon was down.
constexpr std::int64_t catches_up_ms = 10 * minute_ms;
constexpr std::ptrdiff_t sampled_above = 64;
constexpr std::size_t sampled_of = 16;

void raise(journal::EffectCounts& largest, const journal::EffectCounts& counts) {
  largest.inserts = std::max(largest.inserts, counts.inserts);
  largest.updates = std::max(largest.updates, counts.updates);
  largest.deletes = std::max(largest.deletes, counts.deletes);
}

}  // namespace

void begin_rhythm(journal::Records& records, const settings::PipelineDefinition& pipeline, std::int64_t pipeline_id, std::int64_t now_ms) {
  if (pipeline.mass_change.rhythm.is_on) records.effect_hours.begin(pipeline_id, now_ms);
  else records.effect_hours.forget(pipeline_id);
}

/// By the rhythm nothing is limited before enough is known of it: until then nothing has to wait for the end of a cycle.
bool CycleGuard::is_limited(Effect effect, std::int64_t at_ms) const {
  if (effect == Effect::none) return false;
  const settings::EffectLimit& limit = effect == Effect::create ? limits_.inserts : effect == Effect::update ? limits_.updates : limits_.deletes;
  if (limit.is_set) return true;
  return limits_.follows_rhythm(limit) && since_ms_ && at_ms - *since_ms_ >= limits_.rhythm.learn_ms;
}

bool CycleGuard::may_be_limited(const PlannedChange& planned, std::int64_t at_ms) const {
  if (!may_have_effect(limits_, planned)) return false;
  return planned.delivery->present ? is_limited(Effect::create, at_ms) || is_limited(Effect::update, at_ms) : is_limited(Effect::remove, at_ms);
}

/// What was last sent is read only for what may be held, and for enough of the rest to know how much there is: it costs a third of
/// what mapping a change does.
void CycleGuard::look_up(journal::Records& records, const PlanningPage& page) {
  sample(page);
  watched_ = effects_of(records, limits_, page.changes, page.planned, wanted_);
  effects_ = watched_;
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    if (is_loose_[i] || !is_limited(effects_[i], page.changes[i].captured_ms)) effects_[i] = Effect::none;
  }
}

/// Of what goes on anyway one of sixteen is looked up, whichever it is, once there are more than a few.
void CycleGuard::sample(const PlanningPage& page) {
  wanted_.assign(page.changes.size(), 1);
  if (std::count(is_loose_.begin(), is_loose_.end(), true) <= sampled_above) return;
  std::vector<std::size_t> group;
  const auto choose = [&] {
    if (group.empty()) return;
    const auto seq = static_cast<std::uint64_t>(page.changes[group.front()].seq);
    wanted_[group[(seq * 0x9E3779B97F4A7C15U >> 32) % group.size()]] = static_cast<std::int64_t>(group.size());
    group.clear();
  };
  for (std::size_t i = 0; i < page.changes.size(); ++i) {
    if (!is_loose_[i]) continue;
    wanted_[i] = 0;
    if (!may_have_effect(limits_, page.planned[i])) continue;
    group.push_back(i);
    if (group.size() == sampled_of) choose();
  }
  choose();
}

/// All of a cycle whose changes are fewer than what may come goes on, whatever their effects: only then nothing has to be looked up, and
/// it need not be counted before it is planned.
void CycleGuard::find_loose(journal::Records& records, const journal::PipelineRow& row, const PlanningPage& page) {
  const std::size_t size = page.changes.size();
  is_loose_.assign(size, false);
  for (std::size_t i = 0; i < size; ++i) is_loose_[i] = !may_be_limited(page.planned[i], page.changes[i].captured_ms);
  if (counting_ || std::count(is_loose_.begin(), is_loose_.end(), false) == 0) return;
  const std::optional<journal::UnitVerdict> known = records.guarding.verdict(row.id);
  journal::EffectCounts before;
  for (std::size_t begin = 0, end = 0; begin < size; begin = end) {
    const Unit unit = unit_at(page, begin);
    for (end = begin; end < size && unit.holds(page.changes[end]);) ++end;
    if (known && known->first_seq <= page.changes[end - 1].seq && page.changes[begin].seq <= known->last_seq) continue;
    // Of transactions some pages must not go on for themselves.
    if (!page.groups.empty() && !page.is_whole_cycle) continue;
    const auto from = is_loose_.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto to = is_loose_.begin() + static_cast<std::ptrdiff_t>(end);
    if (std::count(from, to, false) > 0 && surely_passes(records, row, page, unit, begin, end, before)) std::fill(from, to, true);
  }
}

/// Records that changes of rows which were there before would make: those that were never sent. By one of sixteen.
std::int64_t CycleGuard::creates_among(journal::Records& records, const PlanningPage& page, std::size_t begin, std::size_t end) const {
  std::vector<std::int64_t> wanted(page.changes.size(), 0);
  for (std::size_t i = begin; i < end; i += sampled_of) wanted[i] = sampled_of;
  const std::vector<Effect> effects = effects_of(records, limits_, page.changes, page.planned, wanted);
  std::int64_t creates = 0;
  for (std::size_t i = begin; i < end; i += sampled_of) {
    if (effects[i] == Effect::create && page.changes[i].operation != model::Operation::insert) creates += sampled_of;
  }
  return creates;
}

/// `before`: what others of the page may have done, which are not stored yet.
bool CycleGuard::is_usual(journal::Records& records, const journal::PipelineRow& row, const Unit& unit, const Count& most, journal::EffectCounts& before) {
  const guard::Verdict verdict = guard::judge(limits_, situation_of(records, row, unit, most, before));
  if (verdict.held || verdict.announced.any()) return false;
  before += most.effects;
  return true;
}

bool CycleGuard::surely_passes(journal::Records& records, const journal::PipelineRow& row, const PlanningPage& page, const Unit& unit, std::size_t begin,
                               std::size_t end, journal::EffectCounts& before) {
  if (limits_.inserts.is_set || limits_.updates.is_set) return false;
  Count most;
  std::int64_t all = 0;
  std::int64_t inserts = 0;
  for (std::size_t i = begin; i < end; ++i) {
    add_to(most, page.changes[i], Effect::none);
    if (!may_have_effect(limits_, page.planned[i])) continue;
    if (!page.planned[i].delivery->present) return false;
    ++all;
    if (page.changes[i].operation == model::Operation::insert) ++inserts;
  }
  const bool ends_here = end < page.changes.size() || page.is_whole_cycle || (page.is_last && is_complete(unit, most, page));
  std::int64_t deletes = 0;
  if (!ends_here) {
    const auto cycle = unit.has_end() || page.open_cycle == unit.cycle_id ? std::nullopt : records.cycles.find(unit.cycle_id);
    if (!cycle) return false;
    all = std::max(all, cycle->inserts + cycle->updates);
    inserts = std::max(inserts, cycle->inserts);
    deletes = cycle->deletes;
  }
  most.effects = {all, all, deletes};
  if (is_usual(records, row, unit, most, before)) return true;
  if (static_cast<std::ptrdiff_t>(end - begin) <= sampled_above) return false;
  most.effects.inserts = inserts + creates_among(records, page, begin, end);
  return is_usual(records, row, unit, most, before);
}

journal::EffectCounts CycleGuard::loose_before(const PlanningPage& page, std::size_t end, std::int64_t at_ms) const {
  journal::EffectCounts sum;
  for (std::size_t i = 0; i < end; ++i) {
    if (effects_[i] == Effect::none && page.changes[i].captured_ms / hour_ms == at_ms / hour_ms) pipeline::add(sum, watched_[i], wanted_[i]);
  }
  return sum;
}

std::optional<std::int64_t> CycleGuard::covered_from(const Unit& unit) const {
  const bool was_down = down_.from_ms > 0 && down_.until_ms - down_.from_ms >= down_ms_min;
  if (!was_down || unit.first_ms < down_.until_ms || unit.first_ms >= down_.until_ms + catches_up_ms) return std::nullopt;
  return down_.from_ms;
}

/// Nothing that is learnt within an hour changes what is usual in it, but for what a person released: that is taken in by the next one.
std::optional<guard::Usual> CycleGuard::usual_of(journal::Records& records, const journal::PipelineRow& row, const Unit& unit, const Count& count) {
  if (!limits_.rhythm.is_on || !since_ms_ || count.last_ms - *since_ms_ < limits_.rhythm.learn_ms) return std::nullopt;
  if (const auto from_ms = covered_from(unit)) {
    return guard::usual_since(records.effect_hours.learnt(row.id), *since_ms_, *from_ms, count.last_ms);
  }
  if (!usual_ || usual_hour_ != count.last_ms / hour_ms) {
    usual_hour_ = count.last_ms / hour_ms;
    usual_ = guard::usual_at(records.effect_hours.learnt(row.id), *since_ms_, count.last_ms);
  }
  return usual_;
}

/// Counts what goes on at once, by hour: of a cycle that goes over several pages, what it did so far.
void CycleGuard::tally(const PlanningPage& page) {
  for (std::size_t i = 0; i < page.changes.size() && since_ms_; ++i) {
    if (watched_[i] == Effect::none || effects_[i] != Effect::none) continue;
    const model::Change& change = page.changes[i];
    if (!tally_ || !tally_->unit.holds(change)) tally_ = Tally{.unit = unit_at(page, i), .effects = {}};
    if (covered_from(tally_->unit)) continue;
    pipeline::add(tally_->effects, watched_[i], wanted_[i]);
    if (learnt_.empty() || learnt_.back().at_ms / hour_ms != change.captured_ms / hour_ms) learnt_.push_back({.at_ms = change.captured_ms, .counts = {}, .largest = {}});
    pipeline::add(learnt_.back().counts, watched_[i], wanted_[i]);
    raise(learnt_.back().largest, tally_->effects);
  }
}

/// What was announced is not usual, and a cycle that brings what was done in many hours belongs to none.
void CycleGuard::learn(journal::Records& records, const journal::PipelineRow& row, const Stretch& stretch, std::int64_t anomaly_id) {
  const journal::EffectCounts counts = stretch.count.effects - stretch.verdict.announced;
  if (!since_ms_ || !counts.any() || covered_from(stretch.unit)) return;
  records.effect_hours.add(row.id, stretch.count.last_ms, anomaly_id, counts, counts);
}

}  // namespace engine::pipeline
