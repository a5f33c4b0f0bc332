#include "engine/deliver/recovery.h"

#include "engine/base/error.h"
#include "engine/deliver/job.h"

namespace engine::deliver {

using journal::Delivery;
using journal::DeliveryState;
using model::CallKind;

namespace {

/// Read in pages, all in one transaction: nothing is sent before it is on disk.
constexpr std::size_t page = 500;
constexpr const char* killed = "the process ended before the answer came";

const model::ObjectTraits* traits_of(const model::Target& target, const std::string& object) {
  try {
    return &target.traits(object);
  } catch (const Error&) {
    return nullptr;  // the configuration dropped the object: nothing is known, so nothing is repeated
  }
}

bool may_go_on(journal::Deliveries& deliveries, const Delivery& delivery, const model::ObjectTraits* traits) {
  const auto kind = model::call_kind_of(delivery.step);
  if (traits == nullptr || !kind) return false;
  // A comment or relation without a frozen request had not begun.
  if (!only_reads(*kind) && !delivery.frozen) return !writes_record(*kind);
  const auto sent = deliveries.complete(delivery).last_sent;
  const std::string& match = addressed_match(delivery, sent);
  const bool has_id = deliveries.remote_id(delivery.connection, delivery.object, match).has_value();
  // A native upsert is in the journal beforehand only when it gives the record another match value.
  const bool moves = *kind == CallKind::upsert && delivery.also_match.has_value();
  return may_repeat(*kind, *traits, has_id, moves);
}

void settle_one(journal::Deliveries& deliveries, Delivery& delivery, const model::ObjectTraits* traits,
                std::int64_t now_ms) {
  const auto kind = model::call_kind_of(delivery.step);
  const bool goes_on = may_go_on(deliveries, delivery, traits);
  delivery.state = goes_on ? DeliveryState::pending : DeliveryState::uncertain;
  delivery.reason = killed;
  delivery.looks = 0;
  delivery.not_before_ms = goes_on ? 0 : now_ms + (traits != nullptr ? traits->consistent_after_ms : 0);
  delivery.updated_ms = now_ms;
  const bool is_write = kind && writes_record(*kind);
  if (is_write) {
    const auto before = deliveries.complete(delivery).last_sent;
    deliveries.put_last_sent(unknown_last_sent(delivery, before, now_ms));
  }
  // So that no story shows an attempt that is under way for ever.
  deliveries.end_open_attempts(delivery.id, killed, now_ms);
  deliveries.update(delivery);
}

}  // namespace

bool can_look_up(const Delivery& delivery, const model::ObjectTraits& traits) {
  if (delivery.step == name_of(CallKind::create)) return traits.has(CallKind::find);
  return delivery.step == name_of(CallKind::comment) && traits.has(CallKind::find_comment);
}

Recovered recover(journal::Records& records, const std::string& connection, const model::Target& target,
                  std::int64_t now_ms, std::int64_t budgets_ms) {
  journal::Deliveries& deliveries = records.deliveries;
  Recovered recovered{.budget_use = deliveries.budget_use(connection), .suspect_seq = deliveries.last_seq_planned()};
  std::int64_t after_id = 0;
  bool last = false;
  while (!last) {
    std::vector<Delivery> found = deliveries.unsettled(connection, after_id, page);
    last = found.size() < page;
    for (Delivery& delivery : found) {
      after_id = delivery.id;
      const model::ObjectTraits* traits = traits_of(target, delivery.object);
      if (delivery.state == DeliveryState::in_flight) settle_one(deliveries, delivery, traits, now_ms);
      if (delivery.state == DeliveryState::uncertain && records.reports.settle(delivery)) continue;
      if (delivery.state == DeliveryState::pending) ++recovered.resumed;
      const bool looks_up =
          delivery.state == DeliveryState::uncertain && traits != nullptr && can_look_up(delivery, *traits);
      if (looks_up) recovered.uncertain.push_back(std::move(delivery));
    }
  }
  // A pause holds what is pending; what was under way is so only now.
  records.pauses.hold_covered(now_ms);
  // After those that were under way have ended: they count from now, for nobody knows when they arrived.
  if (budgets_ms > 0) recovered.sent = deliveries.sent_since(connection, now_ms - budgets_ms);
  return recovered;
}

}  // namespace engine::deliver
