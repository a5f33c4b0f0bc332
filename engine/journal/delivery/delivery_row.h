// How a delivery, and what was last sent of its record, are read from their rows: the columns in one order, for all who select them.
#pragma once

#include <vector>

#include "engine/journal/connection.h"
#include "engine/journal/deliveries.h"

// Kept as a macro because statements are prepared from string literals.
#define DELIVERY_COLUMNS                                                                                             \
  "d.id, d.pipeline_id, d.key, d.cycle_id, d.first_seq, d.last_seq, d.generation, d.connection, d.object, d.match, " \
  "d.also_match, d.effect, d.fields, d.comment, d.policy, d.mapping, d.state, d.reason, d.step, d.operation, "       \
  "d.frozen, d.idempotency_key, d.tries, d.looks, d.not_before_ms, d.expires_ms, d.superseded_by, d.created_ms, "    \
  "d.updated_ms, d.look_ups, d.anomaly_id, d.bundle_id, d.settle_by_ms, d.waits, d.drift"

// As the partial indexes spell it: SQLite compares the text of the condition.
#define DELIVERY_IS_OPEN(alias)                                                                               \
  "(" alias ".state = 'pending' OR " alias ".state = 'held' OR " alias ".state = 'in_flight' OR " alias \
  ".state = 'uncertain')"

namespace engine::journal {

inline constexpr int delivery_columns = 35;
inline constexpr int last_sent_columns = 7;

Delivery delivery_of(const Statement& row);
std::vector<Delivery> deliveries_of(Statement& statement);
/// Its connection, object, match, fields, live, mapping and sent_ms stand from column `at` on.
LastSent last_sent_of(const Statement& row, int at, std::int64_t pipeline_id, const std::string& key);

}  // namespace engine::journal
