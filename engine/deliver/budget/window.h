// One allowance at work: how many requests may go out now, and when there is room again. Pure: time is given.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "engine/settings/target/limits.h"

namespace engine::deliver {

/// One moment on both clocks: waits are measured on the steady one, what a target counts by the clock on the wall's.
struct Moment {
  std::int64_t steady_ms = 0;
  std::int64_t wall_ms = 0;
};

/// A request holds its place from before it is sent until the target counts it no more. When the target began to count it
/// is not known, only that this was before its answer came: so a place is free again one window after the answer. What that
/// loses is a round trip in a window; to count on a part of it is safe only until a busy server stamps one request late and
/// the next at once.
class Window {
 public:
  explicit Window(const settings::Allowance& allowance);

  /// May be negative, when more was taken than there was.
  std::int64_t room(Moment now);
  /// Steady time at which the next place is free; none: with the next answer.
  std::optional<std::int64_t> opens_ms(Moment now);

  void take() { ++in_flight_; }
  /// What was taken was not sent.
  void give_back() { --in_flight_; }
  void answered(Moment now);
  /// Others used `requests`, or nobody knows who: they are free again at `until_ms` (steady), 0: one window from now.
  void occupy(std::int64_t requests, std::int64_t until_ms, Moment now);

  /// Nothing is taken and nothing counts any more.
  bool is_idle(Moment now);
  const settings::Allowance& allowance() const { return allowance_; }

  /// Places and the wall times at which they are free, for the time after a restart; what is in flight counts from now.
  std::vector<std::pair<std::int64_t, std::int64_t>> kept(Moment now);
  void restore(const std::vector<std::pair<std::int64_t, std::int64_t>>& kept, Moment now);

 private:
  void forget_past(Moment now);
  std::int64_t kept_grain_ms() const { return 10 * grain_ms_; }
  std::int64_t free_again_ms(Moment now) const;
  void count_until(std::int64_t steady_ms, std::int64_t requests);

  settings::Allowance allowance_;
  std::int64_t grain_ms_;  ///< times are rounded up to it, so that a day needs no more memory than a second
  std::int64_t in_flight_ = 0;
  std::int64_t counted_ = 0;                                     ///< sum of `free_`
  std::deque<std::pair<std::int64_t, std::int64_t>> free_;       ///< steady time, requests; in order of time
};

}  // namespace engine::deliver
