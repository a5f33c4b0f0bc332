#include "engine/guard/rhythm.h"

#include <algorithm>

#include "engine/base/text/durations.h"

namespace engine::guard {

namespace {

using journal::EffectCounts;
using journal::EffectHour;

constexpr std::int64_t hours_of_day = 24;
constexpr std::int64_t hours_of_week = 168;
constexpr std::int64_t weeks = journal::EffectHours::kept_ms / hour_ms / hours_of_week;
constexpr std::int64_t too_young_hours = 12;
constexpr std::size_t busy_hours_min = 4;  ///< a table that was ever touched in fewer hours has no busy ones

constexpr std::int64_t EffectCounts::*operations[] = {&EffectCounts::inserts, &EffectCounts::updates, &EffectCounts::deletes};

class History {
 public:
  History(const std::vector<EffectHour>& learnt, std::int64_t since_ms) : learnt_(learnt), since_hour_(since_ms / hour_ms + 1) {}

  /// None: it is not known.
  std::optional<EffectHour> at(std::int64_t hour) const {
    if (hour < since_hour_) return std::nullopt;
    const auto found = std::lower_bound(learnt_.begin(), learnt_.end(), hour * hour_ms,
                                        [](const EffectHour& each, std::int64_t ms) { return each.hour_ms < ms; });
    return found != learnt_.end() && found->hour_ms == hour * hour_ms ? *found : EffectHour{.hour_ms = hour * hour_ms};
  }

  /// Those that an hour is compared with.
  std::vector<EffectHour> like(std::int64_t hour) const {
    std::vector<EffectHour> all;
    for (std::int64_t week = 1; week <= weeks; ++week) add_with_neighbours(all, hour - week * hours_of_week);
    for (std::int64_t day = 1; day < 7; ++day) add_with_neighbours(all, hour - day * hours_of_day);
    return all;
  }

  /// The same hour, without neighbours, in the weeks before.
  std::vector<EffectHour> same(std::int64_t hour) const {
    std::vector<EffectHour> all;
    for (std::int64_t week = 1; week <= weeks; ++week) {
      if (const auto found = at(hour - week * hours_of_week)) all.push_back(*found);
    }
    return all;
  }

  const std::vector<EffectHour>& all() const { return learnt_; }

 private:
  void add_with_neighbours(std::vector<EffectHour>& all, std::int64_t hour) const {
    for (std::int64_t near = hour - 1; near <= hour + 1; ++near) {
      if (const auto found = at(near)) all.push_back(*found);
    }
  }

  const std::vector<EffectHour>& learnt_;
  std::int64_t since_hour_;
};

std::int64_t second_highest(std::vector<std::int64_t> values) {
  if (values.size() < 2) return values.empty() ? 0 : values.front();
  std::nth_element(values.begin(), values.begin() + 1, values.end(), std::greater<>());
  return values[1];
}

/// Three quarters of the hours in which anything was done did not do more.
std::int64_t busy_of(std::vector<std::int64_t> values) {
  std::erase(values, 0);
  if (values.size() < busy_hours_min) return 0;
  const auto at = static_cast<std::ptrdiff_t>((values.size() - 1) * 3 / 4);
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

std::vector<std::int64_t> values_of(const std::vector<EffectHour>& hours, EffectCounts EffectHour::*what, std::int64_t EffectCounts::*operation) {
  std::vector<std::int64_t> values;
  values.reserve(hours.size());
  for (const EffectHour& each : hours) values.push_back(each.*what.*operation);
  return values;
}

Range range_of(const History& history, std::int64_t hour, EffectCounts EffectHour::*what, bool with_busy) {
  const std::vector<EffectHour> like = history.like(hour);
  const std::vector<EffectHour> same = history.same(hour);
  std::vector<EffectHour> old;
  if (with_busy) {
    const std::int64_t young_ms = (hour - too_young_hours) * hour_ms;
    std::copy_if(history.all().begin(), history.all().end(), std::back_inserter(old), [&](const EffectHour& each) { return each.hour_ms < young_ms; });
  }
  Range range;
  for (const auto operation : operations) {
    range.high.*operation = second_highest(values_of(like, what, operation));
    const std::vector<std::int64_t> low = values_of(same, what, operation);
    if (!low.empty()) range.low.*operation = std::min(*std::min_element(low.begin(), low.end()), range.high.*operation);
    range.busy.*operation = busy_of(values_of(old, what, operation));
  }
  return range;
}

}  // namespace

Usual usual_at(const std::vector<EffectHour>& learnt, std::int64_t since_ms, std::int64_t at_ms) {
  const History history(learnt, since_ms);
  const std::int64_t hour = at_ms / hour_ms;
  return {.cycle = range_of(history, hour, &EffectHour::largest, true), .hour = range_of(history, hour, &EffectHour::sum, true)};
}

Usual usual_since(const std::vector<EffectHour>& learnt, std::int64_t since_ms, std::int64_t from_ms, std::int64_t at_ms) {
  const History history(learnt, since_ms);
  const std::int64_t last = at_ms / hour_ms;
  Usual usual{.covers_ms = at_ms - from_ms};
  for (std::int64_t hour = std::max(from_ms / hour_ms, last - hours_of_week); hour <= last; ++hour) {
    const Range range = range_of(history, hour, &EffectHour::sum, false);
    usual.cycle.low += range.low;
    usual.cycle.high += range.high;
  }
  usual.hour = usual.cycle;
  return usual;
}

}  // namespace engine::guard
