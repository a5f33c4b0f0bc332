#include "engine/pipeline/planning/resend.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/model/fields.h"
#include "engine/model/reference.h"

namespace engine::pipeline {

namespace {

constexpr std::size_t failures_shown = 10;

bool differs(const journal::Delivery& wanted, const journal::LastSent& sent) {
  if (!sent.fields || sent.match != wanted.match) return true;
  const model::FieldMap before = model::fields_from_json(*sent.fields);
  model::FieldMap fields = model::fields_from_json(wanted.fields.value_or("{}"));
  // What a reference stands for is known at the head of the lane: it counts as what was sent.
  for (auto& [name, value] : fields) {
    const auto known = before.find(name);
    if (known != before.end() && model::may_hold_references(model::fields_json({{name, value}}))) value = known->second;
  }
  return !model::differing_fields(fields, before).empty();
}

}  // namespace

void Resend::image(journal::Records& records, const journal::RowImage& image) {
  planning_.learn(records, image.layout_id);
  // It is planned when all rows were read with the new columns.
  if (planning_.lacks_columns(image.layout_id)) return count_waiting();
  journal::Delivery delivery = planning_.map_image(row_, image, clock_);
  const auto newest = records.changes.of_key(row_.table_id, delivery.key, 1);
  plan(records, std::move(delivery), newest.empty() ? 0 : newest.front().seq);
}

void Resend::newest_of(journal::Records& records, const model::Change& change) {
  const auto newest = records.changes.of_key(row_.table_id, change.key, 1);
  ENGINE_ASSERT(!newest.empty());
  model::Change present = newest.front();
  if (planning_.renew(records, present) != Planning::Renewal::done) return count_waiting();
  PlannedChange planned = planning_.map_change(row_, present, clock_);
  if (!planned.delivery) return;
  if (!options_.comments) planned.delivery->comment.reset();
  plan(records, std::move(*planned.delivery), newest.front().seq);
}

void Resend::count_waiting() {
  ++counts_.looked_at;
  ++counts_.waiting;
}

void Resend::change(journal::Records& records, const model::Change& change) {
  planning_.learn(records, change.layout_id);
  PlannedChange planned = planning_.map_change(row_, change, clock_);
  ++counts_.looked_at;
  if (!planned.delivery) return;
  journal::Delivery& delivery = *planned.delivery;
  if (delivery.state == journal::DeliveryState::dead) {
    ++counts_.failed;
    if (counts_.failures.size() < failures_shown) counts_.failures.push_back(delivery.key + ": " + delivery.reason);
    return;
  }
  ++counts_.create;
  if (options_.dry_run) return;
  // It is asked for now: its time of validity starts anew.
  if (delivery.expires_ms) *delivery.expires_ms += clock_.wall_ms() - change.captured_ms;
  delivery.generation = records.deliveries.next_generation(row_.id, delivery.key, change.seq);
  forget_last_sent(records, delivery);
  planning_.plan_under_pauses(records, delivery);
}

void Resend::plan(journal::Records& records, journal::Delivery delivery, std::int64_t newest_seq) {
  ++counts_.looked_at;
  if (delivery.state == journal::DeliveryState::dead) {
    ++counts_.failed;
    if (counts_.failures.size() < failures_shown) counts_.failures.push_back(delivery.key + ": " + delivery.reason);
    return;
  }
  if (newest_seq > row_.position) {
    ++counts_.waiting;
    if (options_.force && !options_.dry_run) forget_last_sent(records, delivery);
    return;
  }
  if (!is_wanted(records, delivery) || options_.dry_run) return;
  if (options_.force) forget_last_sent(records, delivery);
  number(records, delivery, newest_seq);
  planning_.plan_under_pauses(records, delivery);
}

bool Resend::is_wanted(journal::Records& records, const journal::Delivery& delivery) {
  const auto sent = records.deliveries.last_sent(row_.id, delivery.key);
  const bool live = sent && sent->live;
  if (!delivery.present) {
    const bool there = Planning::may_be_at_target(records, delivery);
    counts_.remove += there ? 1 : 0;
    return there;
  }
  if (!live) {
    if (options_.live_only) return false;
    ++counts_.create;
    return true;
  }
  const bool wanted = options_.force || options_.outdated || differs(delivery, *sent);
  ++(wanted ? counts_.update : counts_.equal);
  return wanted;
}

// What was last sent counts as unknown: the next delivery of the record sends every field and is never skipped.
void Resend::forget_last_sent(journal::Records& records, const journal::Delivery& delivery) {
  auto sent = records.deliveries.last_sent(row_.id, delivery.key);
  if (!sent || !sent->fields) return;
  sent->fields.reset();
  records.deliveries.put_last_sent(*sent);
}

// Idempotency keys are made of sequence number and generation: a row without a retained change gets a number of its own.
void Resend::number(journal::Records& records, journal::Delivery& delivery, std::int64_t newest_seq) {
  std::int64_t seq = std::max(newest_seq, records.deliveries.newest_seq(row_.id, delivery.key));
  if (seq == 0) seq = records.changes.reserve_seq();
  delivery.generation = records.deliveries.next_generation(row_.id, delivery.key, seq);
  delivery.first_seq = delivery.last_seq = seq;
}

}  // namespace engine::pipeline
