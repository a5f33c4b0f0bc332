// Rule 5: what a killed process left in flight goes on where that is safe, and is looked up where it is not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/model/target.h"

namespace engine::deliver {

/// What the loop has to know of the process before it.
struct Recovered {
  std::vector<journal::Delivery> uncertain;  ///< that can be looked up
  std::int64_t resumed = 0;
  std::optional<std::string> budget_use;  ///< as it was noted
  std::vector<journal::Deliveries::Sent> sent;  ///< what budgets count on
  /// Changes up to this one may have been upserted without a trace.
  std::int64_t suspect_seq = 0;
};

/// Runs on the journal's writer thread. `budgets_ms`: how long ago what was sent still matters to budgets.
Recovered recover(journal::Records& records, const std::string& connection, const model::Target& target,
                  std::int64_t now_ms, std::int64_t budgets_ms);

/// Can this uncertain delivery be settled by a look-up?
bool can_look_up(const journal::Delivery& delivery, const model::ObjectTraits& traits);

}  // namespace engine::deliver
