#include "engine/deliver/budget/window.h"

#include <algorithm>

namespace engine::deliver {

using settings::WindowKind;

namespace {
/// A window is counted in so many parts: coarse enough for memory, fine enough to lose a thousandth at most.
constexpr std::int64_t grains = 1'000;
}

Window::Window(const settings::Allowance& allowance)
    : allowance_(allowance), grain_ms_(std::max<std::int64_t>(1, allowance.in_ms / grains)) {}

void Window::forget_past(Moment now) {
  while (!free_.empty() && free_.front().first <= now.steady_ms) {
    counted_ -= free_.front().second;
    free_.pop_front();
  }
}

std::int64_t Window::room(Moment now) {
  forget_past(now);
  return allowance_.requests - in_flight_ - counted_;
}

std::optional<std::int64_t> Window::opens_ms(Moment now) {
  std::int64_t missing = 1 - room(now);
  if (missing <= 0) return now.steady_ms;
  for (const auto& [steady_ms, requests] : free_) {
    missing -= requests;
    if (missing <= 0) return steady_ms;
  }
  return std::nullopt;
}

void Window::answered(Moment now) {
  --in_flight_;
  count_until(free_again_ms(now), 1);
}

std::int64_t Window::free_again_ms(Moment now) const {
  const std::int64_t in_ms = allowance_.in_ms;
  switch (allowance_.kind) {
    case WindowKind::fixed:
      return now.steady_ms + in_ms - now.wall_ms % in_ms;
    // A step behind the last one: what was saved up comes back one by one.
    case WindowKind::steps:
      return std::max(now.steady_ms, free_.empty() ? 0 : free_.back().first) + in_ms;
    case WindowKind::sliding:
      break;
  }
  return now.steady_ms + in_ms;
}

void Window::count_until(std::int64_t steady_ms, std::int64_t requests) {
  if (allowance_.kind == WindowKind::sliding) steady_ms = (steady_ms / grain_ms_ + 1) * grain_ms_;
  // The order of time is kept, should a clock or a rounding say otherwise.
  if (!free_.empty()) steady_ms = std::max(steady_ms, free_.back().first);
  counted_ += requests;
  if (!free_.empty() && free_.back().first == steady_ms) {
    free_.back().second += requests;
  } else {
    free_.emplace_back(steady_ms, requests);
  }
}

void Window::occupy(std::int64_t requests, std::int64_t until_ms, Moment now) {
  if (requests <= 0) return;
  if (until_ms == 0) until_ms = now.steady_ms + allowance_.in_ms;
  // In order of time: what is free later than these moves behind them.
  std::vector<std::pair<std::int64_t, std::int64_t>> later;
  while (!free_.empty() && free_.back().first > until_ms) {
    later.push_back(free_.back());
    free_.pop_back();
  }
  free_.emplace_back(until_ms, requests);
  counted_ += requests;
  free_.insert(free_.end(), later.rbegin(), later.rend());
}

bool Window::is_idle(Moment now) {
  forget_past(now);
  return in_flight_ == 0 && free_.empty();
}

std::vector<std::pair<std::int64_t, std::int64_t>> Window::kept(Moment now) {
  forget_past(now);
  std::vector<std::pair<std::int64_t, std::int64_t>> kept;
  for (const auto& [steady_ms, requests] : free_) {
    const std::int64_t wall_ms = ((steady_ms - now.steady_ms + now.wall_ms) / kept_grain_ms() + 1) * kept_grain_ms();
    if (!kept.empty() && kept.back().first == wall_ms) {
      kept.back().second += requests;
    } else {
      kept.emplace_back(wall_ms, requests);
    }
  }
  // Restored, they count as if they were answered now: they may arrive at any time.
  if (in_flight_ > 0) kept.emplace_back(free_again_ms(now) - now.steady_ms + now.wall_ms, in_flight_);
  return kept;
}

void Window::restore(const std::vector<std::pair<std::int64_t, std::int64_t>>& kept, Moment now) {
  for (const auto& [wall_ms, requests] : kept) {
    // A clock that was set back must not make a budget wait longer than a window.
    const std::int64_t in_ms = wall_ms - now.wall_ms;
    const std::int64_t most_ms = allowance_.in_ms * (allowance_.kind == WindowKind::steps ? allowance_.requests : 1);
    if (in_ms > 0) count_until(now.steady_ms + std::min(in_ms, most_ms), requests);
  }
}

}  // namespace engine::deliver
