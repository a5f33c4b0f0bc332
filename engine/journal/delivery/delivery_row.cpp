#include "engine/journal/delivery/delivery_row.h"

namespace engine::journal {

Delivery delivery_of(const Statement& row) {
  Delivery delivery;
  delivery.id = row.integer(0);
  delivery.pipeline_id = row.integer(1);
  delivery.key = row.text(2);
  delivery.cycle_id = row.integer(3);
  delivery.first_seq = row.integer(4);
  delivery.last_seq = row.integer(5);
  delivery.generation = row.integer(6);
  delivery.connection = row.text(7);
  delivery.object = row.text(8);
  delivery.match = row.text(9);
  delivery.also_match = row.optional_text(10);
  delivery.present = row.text(11) == "present";
  delivery.fields = row.optional_text(12);
  delivery.comment = row.optional_text(13);
  delivery.every_change = row.text(14) == "every_change";
  delivery.mapping = row.text(15);
  delivery.state = delivery_state_of(row.text(16));
  delivery.reason = row.text(17);
  delivery.step = row.text(18);
  delivery.operation = row.text(19);
  delivery.frozen = row.optional_text(20);
  delivery.idempotency_key = row.optional_text(21);
  delivery.tries = static_cast<int>(row.integer(22));
  delivery.looks = static_cast<int>(row.integer(23));
  delivery.not_before_ms = row.integer(24);
  delivery.expires_ms = row.optional_integer(25);
  delivery.superseded_by = row.optional_integer(26);
  delivery.created_ms = row.integer(27);
  delivery.updated_ms = row.integer(28);
  delivery.look_ups = row.optional_text(29);
  delivery.anomaly_id = row.optional_integer(30);
  delivery.bundle_id = row.optional_integer(31);
  delivery.settle_by_ms = row.optional_integer(32);
  delivery.waits = row.optional_text(33);
  delivery.drift = row.optional_text(34);
  return delivery;
}

std::vector<Delivery> deliveries_of(Statement& statement) {
  std::vector<Delivery> all;
  while (statement.step()) all.push_back(delivery_of(statement));
  return all;
}

LastSent last_sent_of(const Statement& row, int at, std::int64_t pipeline_id, const std::string& key) {
  LastSent sent{.pipeline_id = pipeline_id, .key = key};
  sent.connection = row.text(at);
  sent.object = row.text(at + 1);
  sent.match = row.text(at + 2);
  sent.fields = row.optional_text(at + 3);
  sent.live = row.integer(at + 4) != 0;
  sent.mapping = row.text(at + 5);
  sent.sent_ms = row.integer(at + 6);
  return sent;
}

}  // namespace engine::journal
