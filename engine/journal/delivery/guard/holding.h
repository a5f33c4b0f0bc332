// What a record's past says about a new delivery: held work is followed by held work, and what a person rejected does not come
// back by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/deliveries.h"

namespace engine::journal {

/// How a delivery begins: as it was planned, held by an anomaly, or healed.
struct Beginning {
  DeliveryState state = DeliveryState::pending;
  std::string reason;
  std::optional<std::int64_t> anomaly_id;
};

/// `open` are the open deliveries of its record. Only where it replaces them all can it be told what is at the target: then a
/// return to what was last sent heals, unless something of the record was let go since, and may be on its way. An anomaly whose rejection is carried
/// again is open again. What a guard objects to is held by the anomaly of its kind; a newer state that meets all rules is not held by one, and one of
/// a record that went to and fro waits behind it.
Beginning beginning_of(Deliveries& deliveries, Connection& connection, const Delivery& planned, const std::vector<Delivery>& open,
                       bool replaces_all);

/// Whether guards held all that was planned for the record, from its start, since what was sent of it last: what was last sent is what is at the target.
bool nothing_was_let_go(Connection& connection, std::int64_t pipeline_id, const std::string& key);

/// Does the delivery still bring one of the values that were rejected?
bool carries(const Delivery& delivery, const Rejection& rejection);

/// The state and reason of what an anomaly holds.
void hold_under(Delivery& delivery, std::int64_t anomaly_id);
std::string held_reason(std::int64_t anomaly_id);

}  // namespace engine::journal
