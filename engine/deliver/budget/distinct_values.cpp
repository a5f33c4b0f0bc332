#include "engine/deliver/budget/distinct_values.h"

#include <algorithm>

namespace engine::deliver {

DistinctValues::DistinctValues(const settings::Allowance& allowance) : allowance_(allowance) {}

bool DistinctValues::has_room(const std::string& value, Moment now) {
  forget_past(now);
  return static_cast<std::int64_t>(uses_.size()) < allowance_.requests || uses_.contains(value);
}

std::optional<std::int64_t> DistinctValues::opens_ms(const std::string& value, Moment now) {
  if (has_room(value, now)) return now.steady_ms;
  // As many must end as there are too many; a smaller number after a restart makes it more than one.
  std::int64_t missing = static_cast<std::int64_t>(uses_.size()) + 1 - allowance_.requests;
  for (const auto& [until_ms, used] : by_end_) {
    if (uses_.find(used)->second.in_flight > 0) continue;
    if (--missing == 0) return until_ms;
  }
  return std::nullopt;
}

void DistinctValues::take(const std::string& value) { ++uses_[value].in_flight; }

void DistinctValues::give_back(const std::string& value) {
  const auto found = uses_.find(value);
  if (found == uses_.end()) return;
  --found->second.in_flight;
  if (found->second.in_flight == 0 && found->second.until_ms == 0) uses_.erase(found);
}

void DistinctValues::recount(const std::string& value, std::int64_t wall_ms, Moment now) {
  // A clock that was set back must not make it count longer than a window.
  const std::int64_t left_ms = std::min(wall_ms - now.wall_ms, std::int64_t{0}) + allowance_.in_ms;
  if (left_ms > 0) count_until(value, now.steady_ms + left_ms, false);
}

void DistinctValues::forget_past(Moment now) {
  while (!by_end_.empty() && by_end_.begin()->first <= now.steady_ms) {
    const auto found = uses_.find(by_end_.begin()->second);
    by_end_.erase(by_end_.begin());
    found->second.until_ms = 0;
    if (found->second.in_flight == 0) uses_.erase(found);
  }
}

/// Only ever longer: an older end that comes later changes nothing.
void DistinctValues::count_until(const std::string& value, std::int64_t until_ms, bool was_in_flight) {
  const auto found = uses_.try_emplace(value).first;
  Use& use = found->second;
  if (was_in_flight) --use.in_flight;
  if (until_ms <= use.until_ms) return;
  if (use.until_ms > 0) by_end_.erase({use.until_ms, found->first});
  use.until_ms = until_ms;
  by_end_.emplace(until_ms, found->first);
}

}  // namespace engine::deliver
