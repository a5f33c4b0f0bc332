// One allowance that counts values instead of requests: how many different people, say, were written to in a day.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/deliver/budget/window.h"

namespace engine::deliver {

/// A value counts from before its call is sent until its window after the last answer: each call with it makes it count
/// longer, and takes no further place. Windows are sliding, whatever the allowance says.
class DistinctValues {
 public:
  explicit DistinctValues(const settings::Allowance& allowance);

  /// Is it counted already, or is there a place for it?
  bool has_room(const std::string& value, Moment now);
  /// Steady time at which there is room for it; none: with an answer.
  std::optional<std::int64_t> opens_ms(const std::string& value, Moment now);

  void take(const std::string& value);
  /// What was taken was not sent.
  void give_back(const std::string& value);
  void answered(const std::string& value, Moment now) { count_until(value, now.steady_ms + allowance_.in_ms, true); }
  /// It was sent at that time by the wall's clock, by a process before this one.
  void recount(const std::string& value, std::int64_t wall_ms, Moment now);

 private:
  struct Use {
    std::int64_t until_ms = 0;  ///< steady; 0: only in flight
    std::int64_t in_flight = 0;
  };
  void forget_past(Moment now);
  void count_until(const std::string& value, std::int64_t until_ms, bool was_in_flight);

  settings::Allowance allowance_;
  std::map<std::string, Use, std::less<>> uses_;
  std::set<std::pair<std::int64_t, std::string_view>> by_end_;  ///< of those with an end; the texts are keys of `uses_`
};

}  // namespace engine::deliver
