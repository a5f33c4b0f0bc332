#include "engine/guard/settle.h"

#include <algorithm>

namespace engine::guard {

void let_settle(const settings::Settle& settle, const model::Change& change, journal::Delivery& delivery) {
  if (!settle.is_on() || change.operation == model::Operation::snapshot) return;
  // A clock that was ahead may have been set back between capture and plan.
  const std::int64_t captured_ms = std::min(change.captured_ms, delivery.created_ms);
  delivery.not_before_ms = captured_ms + settle.quiet_ms;
  delivery.settle_by_ms = captured_ms + settle.at_most_ms;
}

}  // namespace engine::guard
