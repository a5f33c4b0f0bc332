#include "engine/journal/delivery/guard/holding.h"

#include <algorithm>

#include "engine/journal/connection.h"
#include "engine/journal/delivery/guard/anomalies.h"
#include "engine/journal/delivery/waits.h"
#include "engine/model/fields.h"

namespace engine::journal {

namespace {

constexpr std::string_view rule_kind = "rule: ";

/// What waits in another transaction keeps its place, and the new one stands behind it, held or not.
const Delivery* held_before(const std::vector<Delivery>& open, const Delivery& planned) {
  for (const Delivery& older : open) {
    if (older.bundle_id && older.bundle_id != planned.bundle_id) continue;
    if (older.state == DeliveryState::held && older.anomaly_id) return &older;
  }
  return nullptr;
}

Beginning held_by(std::int64_t anomaly_id) { return {DeliveryState::held, held_reason(anomaly_id), anomaly_id}; }

Beginning held_by_objection(Anomalies& anomalies, const Delivery& planned) {
  return held_by(anomalies.open({.kind = planned.objection->kind,
                                 .pipeline_id = planned.pipeline_id,
                                 .cycle_id = planned.cycle_id,
                                 .text = planned.objection->text,
                                 .numbers = planned.objection->numbers,
                                 .opened_ms = planned.created_ms,
                                 .updated_ms = planned.created_ms,
                                 .stays_ms = planned.objection->stays_ms}));
}

/// That a record which goes to and fro is as it was in between makes no rejected value a better one.
bool outlives_return(Anomalies& anomalies, const Rejection& rejection) {
  const auto anomaly = anomalies.find(rejection.anomaly_id);
  return anomaly && anomaly->kind == flip_flop_kind;
}

/// What was held only because it broke a rule waits for nobody once it meets it; a condition that lasted too long is asked anew, and the
/// target's record is read anew. A mass delete whose
/// row is there again, changed since (a nightly job that empties a table and loads it), carries nothing of what was held: it is judged with its own
/// cycle.
bool still_holds(Anomalies& anomalies, const Delivery& older, const Delivery& planned) {
  const auto anomaly = anomalies.find(*older.anomaly_id);
  if (!anomaly) return true;
  if (anomaly->kind.starts_with(rule_kind) || anomaly->kind.starts_with(hold_while_kind) || anomaly->kind == drift_kind) return false;
  return anomaly->kind != mass_change_kind || older.present || !planned.present;
}

/// What other guards hold was pending before: they ask when it is about to be sent.
bool holds_from_the_start(std::string_view kind) {
  return kind == mass_change_kind || kind == flip_flop_kind || kind.starts_with(rule_kind);
}

}  // namespace

// A native upsert leaves no trace before its answer: what was pending once may be on its way though it is superseded by now, or have arrived although
// a killed process never heard of it. What came behind one that is open still stands behind it.
bool nothing_was_let_go(Connection& connection, std::int64_t pipeline_id, const std::string& key) {
  Statement row = connection.prepare(
      "SELECT d.state, coalesce(a.kind, ''), coalesce(b.state, '') FROM delivery AS d INDEXED BY delivery_by_key LEFT JOIN anomaly AS a ON a.id = d.anomaly_id "
      "LEFT JOIN bundle AS b ON b.id = d.bundle_id WHERE d.pipeline_id = ?1 AND d.key = ?2 ORDER BY d.id DESC");
  bool was_any_let_go = false;
  for (row.bind(1, pipeline_id).bind(2, key); row.step();) {
    const DeliveryState state = delivery_state_of(row.text(0));
    if (state == DeliveryState::delivered || state == DeliveryState::skipped || state == DeliveryState::healed) break;
    const bool waits_for_others = row.text(2) == "waiting";
    const bool was_let_go = !waits_for_others && !holds_from_the_start(row.text(1));
    was_any_let_go = was_let_go || (was_any_let_go && !is_open(state));
  }
  return !was_any_let_go;
}

bool carries(const Delivery& delivery, const Rejection& rejection) {
  if (delivery.present != rejection.present) return false;
  if (!delivery.present || delivery.match == rejection.match) return true;
  const model::FieldMap fields = model::fields_from_json(delivery.fields.value_or("{}"));
  const model::FieldMap rejected = model::fields_from_json(rejection.fields);
  return std::any_of(rejected.begin(), rejected.end(), [&](const auto& each) {
    const auto same = fields.find(each.first);
    return same != fields.end() && same->second == each.second;
  });
}

std::string held_reason(std::int64_t anomaly_id) { return "anomaly " + std::to_string(anomaly_id); }

void hold_under(Delivery& delivery, std::int64_t anomaly_id) {
  delivery.state = DeliveryState::held;
  delivery.anomaly_id = anomaly_id;
  delivery.reason = held_reason(anomaly_id);
}

Beginning beginning_of(Deliveries& deliveries, Connection& connection, const Delivery& planned, const std::vector<Delivery>& open,
                       bool replaces_all) {
  const Beginning as_planned{planned.state, planned.reason, planned.anomaly_id};
  Anomalies anomalies(connection, deliveries);
  // Messages stand behind one another by their order alone: each tells of something that happened.
  if (planned.every_change) return planned.objection ? held_by_objection(anomalies, planned) : as_planned;
  Rejections& rejections = deliveries.rejections();
  const Delivery* older = held_before(open, planned);
  const auto rejection = rejections.of(planned.pipeline_id, planned.key);
  const bool may_equal = (older != nullptr || planned.objection || rejection) && replaces_all;
  const bool is_back = may_equal && deliveries.is_as_sent(planned, deliveries.last_sent(planned.pipeline_id, planned.key));
  if (is_back && (older == nullptr || nothing_was_let_go(connection, planned.pipeline_id, planned.key))) {
    if (rejection && !outlives_return(anomalies, *rejection)) rejections.forget(planned.pipeline_id, planned.key);
    if (older == nullptr) return as_planned;
    return {DeliveryState::healed, "back to what was last sent", older->anomaly_id};
  }
  if (rejection && carries(planned, *rejection)) {
    anomalies.reopen(rejection->anomaly_id, planned.created_ms);
    return held_by(rejection->anomaly_id);
  }
  if (rejection && !(is_back && outlives_return(anomalies, *rejection))) rejections.forget(planned.pipeline_id, planned.key);
  if (planned.objection) return held_by_objection(anomalies, planned);
  // At the head of its lane it is known what became of the one that may be under way: there it is skipped or sent.
  if (is_back) return as_planned;
  // What was held only because it brought a rejected value waits for nobody any more.
  if (older != nullptr && !rejection && still_holds(anomalies, *older, planned)) return held_by(*older->anomaly_id);
  return as_planned;
}

}  // namespace engine::journal
