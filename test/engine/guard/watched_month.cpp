#include "test/engine/guard/watched_month.h"

#include <algorithm>

#include "engine/base/text/durations.h"

namespace test {

using engine::hour_ms;
using engine::guard::Situation;
using engine::guard::Verdict;
using engine::journal::EffectCounts;
using engine::journal::EffectHour;
using engine::journal::EffectHours;

namespace {

constexpr std::int64_t decided_after_ms = 30 * 60'000;

EffectCounts counts_of(const ErpCycle& cycle) { return {cycle.inserts, cycle.updates, cycle.deletes}; }

void raise(EffectCounts& largest, const EffectCounts& counts) {
  largest = {std::max(largest.inserts, counts.inserts), std::max(largest.updates, counts.updates), std::max(largest.deletes, counts.deletes)};
}

}  // namespace

engine::guard::Usual WatchedPipeline::usual_of(const ErpCycle& cycle) {
  const std::int64_t hour = cycle.at_ms / hour_ms;
  if (cycle.down_ms == 0 && usual_ && usual_hour_ == hour) return *usual_;
  std::vector<EffectHour> learnt;
  for (const auto& [hour_ms, each] : hours_) learnt.push_back(each);
  if (cycle.down_ms > 0) return engine::guard::usual_since(learnt, since_ms_, cycle.at_ms - cycle.down_ms, cycle.at_ms);
  usual_hour_ = hour;
  usual_ = engine::guard::usual_at(learnt, since_ms_, cycle.at_ms);
  return *usual_;
}

void WatchedPipeline::learn(std::int64_t at_ms, const EffectCounts& counts) {
  const std::int64_t begin_ms = at_ms - at_ms % hour_ms;
  EffectHour& hour = hours_[begin_ms];
  hour.hour_ms = begin_ms;
  hour.sum += counts;
  raise(hour.largest, counts);
}

void WatchedPipeline::decide(std::int64_t now_ms) {
  if (!open_since_ms_ || now_ms < *open_since_ms_ + decided_after_ms) return;
  if (!open_is_disaster_) {
    for (const Counted& each : held_) learn(each.at_ms, each.counts);
  }
  held_.clear();
  open_since_ms_.reset();
}

Situation WatchedPipeline::situation_of(const ErpCycle& cycle) {
  const std::int64_t hour = cycle.at_ms / hour_ms;
  Situation situation{.cycle = counts_of(cycle), .window = in_window_, .live = pipeline_.records, .hour = in_hour_[hour]};
  for (const Counted& each : held_) {
    situation.window += each.counts;
    if (each.at_ms / hour_ms == hour) situation.hour += each.counts;
  }
  if (cycle.announced) situation.expected = situation.cycle;
  if (cycle.at_ms - since_ms_ < limits_.rhythm.learn_ms) return situation;
  situation.usual = usual_of(cycle);
  return situation;
}

Verdict WatchedPipeline::judge(const ErpCycle& cycle) {
  decide(cycle.at_ms);
  for (; !window_.empty() && window_.front().at_ms < cycle.at_ms - limits_.window_ms; window_.pop_front()) {
    in_window_ = in_window_ - window_.front().counts;
  }
  const Verdict verdict = engine::guard::judge(limits_, situation_of(cycle));
  const EffectCounts counts = counts_of(cycle) - verdict.announced;
  if (verdict.held) {
    const bool is_disaster = cycle.disaster != Disaster::none;
    if (!open_since_ms_) {
      open_since_ms_ = cycle.at_ms;
      open_is_disaster_ = is_disaster;
      if (!is_disaster) false_alarms_.push_back(pipeline_.name + ": " + verdict.text);
    }
    open_is_disaster_ = open_is_disaster_ || is_disaster;
    held_.push_back({cycle.at_ms, counts});
  } else if (cycle.down_ms == 0) {
    window_.push_back({cycle.at_ms, counts});
    in_window_ += counts;
    in_hour_[cycle.at_ms / hour_ms] += counts;
    learn(cycle.at_ms, counts);
  }
  return verdict;
}

MonthResult watch_month(std::uint64_t seed, Disaster disaster, const engine::settings::MassChange& limits) {
  std::vector<WatchedPipeline> pipelines;
  for (const ErpPipeline& each : ErpMonth::pipelines()) pipelines.emplace_back(each, limits, ErpMonth::begin_ms());
  const ErpMonth month(seed, disaster);
  MonthResult result;
  std::vector<bool> is_watched(pipelines.size(), disaster == Disaster::none);
  for (const ErpCycle& cycle : month.cycles()) is_watched[cycle.pipeline] = is_watched[cycle.pipeline] || cycle.disaster != Disaster::none;
  bool emptied = false;
  for (const ErpCycle& cycle : month.cycles()) {
    if (!is_watched[cycle.pipeline]) continue;
    // Deletes that were held left the records where they are: to load them again changes nothing.
    if (emptied && cycle.disaster == Disaster::emptied) continue;
    const Verdict verdict = pipelines[cycle.pipeline].judge(cycle);
    if (cycle.disaster == Disaster::none) continue;
    const std::int64_t effects = cycle.inserts + cycle.updates + cycle.deletes;
    result.disaster_effects += effects;
    if (verdict.held) result.disaster_held += effects;
    emptied = cycle.disaster == Disaster::emptied && verdict.held;
  }
  for (const WatchedPipeline& each : pipelines) {
    result.false_alarms.insert(result.false_alarms.end(), each.false_alarms().begin(), each.false_alarms().end());
  }
  return result;
}

}  // namespace test
