#include "engine/pipeline/planning/cycle_guard.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/base/text/durations.h"
#include "engine/journal/delivery/guard/holding.h"

namespace engine::pipeline {

namespace {

/// So many effects of a closed cycle of a log do not wait for those that may follow: within the window they are counted all the same.
constexpr std::int64_t few_max = guard::emptied_min - 1;

std::int64_t hour_of(std::int64_t at_ms) { return at_ms / hour_ms; }

std::int64_t total(const journal::EffectCounts& counts) { return counts.inserts + counts.updates + counts.deletes; }

/// Different ones on the page before that, which are not stored yet.
std::int64_t records_before(const PlanningPage& page, std::size_t end) {
  std::set<std::string_view> keys;
  for (std::size_t i = 0; i < end; ++i) {
    if (page.planned[i].delivery && page.planned[i].delivery->present) keys.insert(page.planned[i].delivery->key);
  }
  return static_cast<std::int64_t>(keys.size());
}

bool is_open(const PlannedChange& planned) { return planned.delivery && journal::is_open(planned.delivery->state); }

bool covers(const std::optional<journal::UnitVerdict>& verdict, std::int64_t seq) {
  return verdict && verdict->first_seq <= seq && seq <= verdict->last_seq;
}

}  // namespace

CycleGuard::CycleGuard(journal::Journal& journal, const settings::PipelineDefinition& pipeline, bool follows_log)
    : journal_(journal), limits_(pipeline.mass_change), pipeline_(pipeline.name), follows_log_(follows_log),
      together_(pipeline.deliver == settings::DeliverPolicy::together) {}

void CycleGuard::start_over() {
  counting_.reset();
  awaited_cycle_.reset();
  awaited_ms_.reset();
}

std::optional<std::int64_t> CycleGuard::counted_to() const {
  return counting_ && !counting_->done ? std::optional(counting_->count.last_seq) : std::nullopt;
}

/// Transactions are of all of their cycle, wherever the page begins in it; and no stretch of their pipeline reaches into another one.
CycleGuard::Unit CycleGuard::unit_at(const PlanningPage& page, std::size_t begin) const {
  const model::Change& first = page.changes[begin];
  return follows_log_ && page.groups.empty() ? Unit::of_log(first, together_) : Unit::of_cycle(first);
}

/// Transactions stand on a page one after the other, not in the order of their changes.
void CycleGuard::add_to(Count& count, const model::Change& change, Effect effect) {
  pipeline::add(count.effects, effect);
  if (change.seq < count.last_seq) return;
  count.last_seq = change.seq;
  count.last_ms = change.captured_ms;
  count.last_cycle = change.cycle_id;
}

/// Whether nothing can come any more that belongs to it, when the page's end was reached. A clock that was set back ends the wait.
bool CycleGuard::is_complete(const Unit& unit, const Count& count, const PlanningPage& page) const {
  const bool is_closed = page.open_cycle != count.last_cycle;
  if (!unit.has_end()) return is_closed;
  const bool has_passed = page.read_ms >= unit.until_ms || page.read_ms < unit.first_ms;
  return has_passed || (is_closed && total(count.effects) <= few_max);
}

void CycleGuard::await(const Unit& unit, const PlanningPage& page) {
  if (unit.has_end()) awaited_ms_ = unit.until_ms;
  else awaited_cycle_ = page.open_cycle;
}

bool CycleGuard::count_page(const PlanningPage& page) {
  awaited_cycle_.reset();
  awaited_ms_.reset();
  auto reader = journal_.read();
  is_loose_.assign(page.changes.size(), false);
  look_up(*reader, page);
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    counting_->done = !counting_->unit.holds(page.changes[i]);
    if (counting_->done) return true;
    add_to(counting_->count, page.changes[i], effects_[i]);
  }
  if (!page.is_last) return !page.changes.empty();
  counting_->done = is_complete(counting_->unit, counting_->count, page);
  if (!counting_->done) await(counting_->unit, page);
  return counting_->done;
}

bool CycleGuard::judge(const journal::PipelineRow& row, PlanningPage& page) {
  stretches_.clear();
  awaited_cycle_.reset();
  awaited_ms_.reset();
  learnt_.clear();
  auto reader = journal_.read();
  if (!since_ms_) since_ms_ = reader->effect_hours.since(row.id);
  find_loose(*reader, row, page);
  look_up(*reader, page);
  const bool goes_on = page.groups.empty() ? judge_units(*reader, row, page) : judge_transactions(*reader, row, page);
  tally(page);
  return goes_on;
}

bool CycleGuard::judge_units(journal::Records& records, const journal::PipelineRow& row, PlanningPage& page) {
  std::optional<journal::UnitVerdict> known;
  bool asked = false;
  for (std::size_t at = 0; at < effects_.size();) {
    if (effects_[at] == Effect::none) {
      ++at;
      continue;
    }
    if (!asked) known = records.guarding.verdict(row.id);
    asked = true;
    const auto end = covers(known, page.changes[at].seq) ? judge_known(page, *known, at) : judge_unit(records, row, page, at);
    if (!end) {
      page.changes.resize(at);
      page.planned.resize(at);
      return at > 0 || counting_;
    }
    at = *end;
  }
  return true;
}

/// A cycle that does not stand on one page as a whole is counted in the order of its changes before the first of its transactions is planned.
bool CycleGuard::judge_transactions(journal::Records& records, const journal::PipelineRow& row, PlanningPage& page) {
  if (page.is_whole_cycle && std::ranges::all_of(effects_, [](Effect effect) { return effect == Effect::none; })) return true;
  const auto known = records.guarding.verdict(row.id);
  if (covers(known, page.changes.front().seq)) return judge_known(page, *known, 0) > 0;
  Stretch stretch{.end = page.changes.size(), .unit = unit_at(page, 0), .of_transactions = true, .goes_on = !page.ends_cycle};
  stretch.unit.first_seq = row.position + 1;
  if (counting_ && counting_->done && counting_->unit.cycle_id == page.cycle_id) {
    stretch.count = counting_->count;
  } else if (page.is_whole_cycle) {
    for (std::size_t i = 0; i < stretch.end; ++i) add_to(stretch.count, page.changes[i], effects_[i]);
  } else {
    counting_ = Counting{stretch.unit, {.last_seq = row.position}};
    page.changes.clear();
    page.planned.clear();
    return true;
  }
  stretch.verdict = verdict_on(records, row, page, 0, stretch);
  // An anomaly that holds nothing would be over at once.
  const bool can_be_held = std::ranges::any_of(page.planned, [&](const PlannedChange& each) { return is_open(each) && Planning::is_news(records, each); });
  if (stretch.verdict.held && !can_be_held) return true;
  counting_.reset();
  stretches_.push_back(std::move(stretch));
  return true;
}

std::size_t CycleGuard::judge_known(const PlanningPage& page, const journal::UnitVerdict& known, std::size_t begin) {
  Stretch stretch{.begin = begin, .end = begin, .of_transactions = !page.groups.empty(), .is_new = false, .anomaly_id = known.anomaly_id};
  while (stretch.end < page.changes.size() && page.changes[stretch.end].seq <= known.last_seq) ++stretch.end;
  counting_.reset();
  stretches_.push_back(stretch);
  return stretch.end;
}

/// Returns where on the page it ends; none: it can't be judged yet.
std::optional<std::size_t> CycleGuard::judge_unit(journal::Records& records, const journal::PipelineRow& row, const PlanningPage& page,
                                                  std::size_t begin) {
  const model::Change& first = page.changes[begin];
  Stretch stretch{.begin = begin, .end = begin, .unit = unit_at(page, begin)};
  while (stretch.end < page.changes.size() && stretch.unit.holds(page.changes[stretch.end])) {
    add_to(stretch.count, page.changes[stretch.end], effects_[stretch.end]);
    ++stretch.end;
  }
  const bool reaches_end = stretch.end == page.changes.size();
  if (counting_ && counting_->done && counting_->unit.first_seq == first.seq) {
    stretch.goes_on = counting_->count.last_seq > stretch.count.last_seq;
    stretch.count = counting_->count;
  } else if (reaches_end && !page.is_last) {
    // It begins a page of its own, and is counted to its end first.
    counting_.reset();
    if (begin == 0) counting_ = Counting{stretch.unit, stretch.count};
    return std::nullopt;
  } else if (reaches_end && !is_complete(stretch.unit, stretch.count, page)) {
    await(stretch.unit, page);
    return std::nullopt;
  }
  counting_.reset();
  stretch.verdict = verdict_on(records, row, page, begin, stretch);
  stretches_.push_back(std::move(stretch));
  return stretches_.back().end;
}

guard::Situation CycleGuard::situation_of(journal::Records& records, const journal::PipelineRow& row, const Unit& unit, const Count& count,
                                          const journal::EffectCounts& before) {
  guard::Situation situation{.cycle = count.effects};
  const std::int64_t since = count.last_ms - limits_.window_ms;
  for (const journal::Guarding::Slot& slot : records.guarding.since(row.id, since)) {
    if (slot.at_ms <= count.last_ms) situation.window += slot.counts;
  }
  for (const journal::Expectation& each : records.guarding.expected(row.id, count.last_ms)) situation.expected += each.left;
  situation.usual = usual_of(records, row, unit, count);
  if (situation.usual) (situation.hour = records.effect_hours.in_hour(row.id, count.last_ms)) += before;
  // Others of this page, which are not stored yet.
  for (const Stretch& other : stretches_) {
    if (!other.is_new) continue;
    if (hour_of(other.count.last_ms) == hour_of(count.last_ms)) situation.hour += other.count.effects - other.verdict.announced;
    if (other.count.last_ms >= since) situation.window += other.count.effects - other.verdict.announced;
    situation.expected = situation.expected - other.verdict.announced;
  }
  if (const std::int64_t needed = guard::live_needed(limits_, situation)) situation.live = records.guarding.live_records(row.id, needed);
  return situation;
}

// A record that changes often is one record.
guard::Verdict CycleGuard::verdict_on(journal::Records& records, const journal::PipelineRow& row, const PlanningPage& page, std::size_t begin,
                                      const Stretch& stretch) {
  const std::int64_t last_ms = stretch.count.last_ms;
  guard::Situation situation = situation_of(records, row, stretch.unit, stretch.count, loose_before(page, begin, last_ms));
  guard::Verdict verdict = guard::judge(limits_, situation);
  if (!verdict.held || situation.cycle.updates == 0) return verdict;
  const auto records_since = [&](std::int64_t since_ms) { return records.guarding.records_planned(row.id, since_ms) + records_before(page, begin); };
  if (situation.window.updates > 0) situation.window.updates = std::min(situation.window.updates, records_since(last_ms - limits_.window_ms));
  // Once too many were counted in an hour it stays so: each count looks at all that was planned in it.
  if (!situation.usual || situation.hour.updates == 0 || over_hour_ == hour_of(last_ms)) return guard::judge(limits_, situation);
  situation.hour.updates = std::min(situation.hour.updates, records_since(hour_of(last_ms) * hour_ms));
  verdict = guard::judge(limits_, situation);
  if (verdict.held) over_hour_ = hour_of(last_ms);
  return verdict;
}

std::optional<std::int64_t> CycleGuard::anomaly_for(journal::Records& records, const journal::PipelineRow& row, const Stretch& stretch,
                                                    std::int64_t now_ms) const {
  if (stretch.is_new) {
    if (!stretch.verdict.held) return std::nullopt;
    return records.anomalies.open({.kind = journal::mass_change_kind,
                                   .pipeline_id = row.id,
                                   .cycle_id = stretch.unit.cycle_id,
                                   .text = stretch.verdict.text,
                                   .numbers = stretch.verdict.numbers,
                                   .opened_ms = now_ms,
                                   .updated_ms = now_ms});
  }
  if (!stretch.anomaly_id) return std::nullopt;
  const auto anomaly = records.anomalies.find(*stretch.anomaly_id);
  // A person let the first part go, and meant the whole.
  if (!anomaly || anomaly->state == journal::AnomalyState::released) return std::nullopt;
  if (anomaly->state != journal::AnomalyState::open) records.anomalies.reopen(anomaly->id, now_ms);
  return anomaly->id;
}

void CycleGuard::apply(journal::Records& records, const journal::PipelineRow& row, std::vector<PlannedChange>& planned,
                       std::int64_t now_ms) {
  for (const Stretch& stretch : stretches_) {
    const auto anomaly = anomaly_for(records, row, stretch, now_ms);
    if (stretch.is_new) {
      const Count& count = stretch.count;
      const journal::EffectCounts counts = count.effects - stretch.verdict.announced;
      if (stretch.verdict.announced.any()) records.guarding.use_expected(row.id, stretch.verdict.announced, count.last_ms);
      if (counts.any()) records.guarding.add(row.id, count.last_ms, anomaly.value_or(0), counts, limits_.window_ms);
      learn(records, row, stretch, anomaly.value_or(0));
      if (stretch.goes_on) records.guarding.put_verdict(row.id, {stretch.unit.first_seq, count.last_seq, anomaly});
    }
    for (std::size_t i = stretch.begin; i < stretch.end && anomaly; ++i) {
      const bool is_held = effects_[i] != Effect::none || (stretch.of_transactions && is_open(planned[i]));
      if (is_held) journal::hold_under(*planned[i].delivery, *anomaly);
    }
  }
  for (const Learnt& each : learnt_) records.effect_hours.add(row.id, each.at_ms, 0, each.counts, each.largest);
  if (since_ms_ && swept_hour_ != hour_of(now_ms)) records.effect_hours.sweep(row.id, now_ms);
  swept_hour_ = hour_of(now_ms);
}

void CycleGuard::tell() const {
  for (const Stretch& stretch : stretches_) {
    if (!stretch.is_new || !stretch.verdict.held) continue;
    log_event(LogLevel::warning, "anomaly.held", {{"pipeline", pipeline_}, {"why", stretch.verdict.text}});
    count("datapicker_cycles_held_total", {{"pipeline", pipeline_}}, 1);
  }
}

}  // namespace engine::pipeline
