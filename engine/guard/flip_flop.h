// A record that goes to and fro at the target, as where two systems undo each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/deliveries.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::guard {

/// So many deliveries of a record are looked at, those that never went out among them.
inline constexpr std::size_t flips_looked_at = 100;

/// Equal texts are equal states of a record; that it is not there is one, too.
std::string state_of(const settings::FlipFlop& limits, bool present, const std::string& match, const std::string& fields);

/// Pure: whether the delivery would bring its record back, for the `times`-th time within the window, to a state in which it was sent before. `sent`:
/// newest first, with the one that stood when the window began; what a person released is where counting begins anew. A state that is
/// new, and one that is there already, are never objected to.
std::optional<journal::Objection> object_to_flip(const settings::FlipFlop& limits, const std::vector<journal::Deliveries::SentState>& sent,
                                                 const journal::Delivery& next);

/// Which states records were to have lately. Forgets in steps of a window; what is in it may collide, so that it says rather too often than too seldom that it
/// knows one. Of the first window nothing is known.
class RecentStates {
 public:
  /// Whether the record may have been meant to have this state in the window before. From now on it was.
  bool meet(const std::string& key, const std::string& state, std::int64_t now_ms, std::int64_t window_ms);

 private:
  static constexpr std::size_t bits = 1U << 20;
  std::vector<bool> now_;
  std::vector<bool> before_;  ///< of the window before; empty: it is not known
  std::int64_t since_ms_ = 0;
};

/// Looks at what one pipeline plans. New states, which is nearly all, cost no look into the journal.
class FlipWatch {
 public:
  explicit FlipWatch(settings::FlipFlop limits = {}) : limits_(std::move(limits)) {}

  /// In the transaction that stores the delivery, before it: one that would go to and fro once too often is to be held. Not of what a person asks for.
  void look(journal::Deliveries& deliveries, journal::Delivery& planned);

 private:
  settings::FlipFlop limits_;
  RecentStates recent_;
};

}  // namespace engine::guard
