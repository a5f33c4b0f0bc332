#include "engine/guard/settle.h"

namespace engine::guard {

void let_settle(const settings::Settle& settle, const model::Change& change, journal::Delivery& delivery) {
  if (!settle.is_on() || change.operation == model::Operation::snapshot) return;
  delivery.not_before_ms = change.captured_ms + settle.quiet_ms;
  delivery.settle_by_ms = change.captured_ms + settle.at_most_ms;
}

}  // namespace engine::guard
