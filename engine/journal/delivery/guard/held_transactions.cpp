// What mass changes hold of `deliver: together`: whole transactions, in their order.
#include <functional>
#include <set>
#include <utility>

#include "engine/journal/connection.h"
#include "engine/journal/delivery/bundles.h"
#include "engine/journal/delivery/delivery_row.h"
#include "engine/journal/delivery/guard/anomalies.h"
#include "engine/journal/delivery/guard/holding.h"

namespace engine::journal {

namespace {

/// Rows that hang together by transactions. More are left to a person.
constexpr std::size_t undone_rows_max = 2'000;

std::vector<Delivery> open_of_key(Connection& connection, std::int64_t pipeline_id, const std::string& key) {
  Statement rows = connection.prepare("SELECT " DELIVERY_COLUMNS
                                      " FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? AND d.key = ? AND " DELIVERY_IS_OPEN("d")
                                      " ORDER BY d.id");
  rows.bind(1, pipeline_id).bind(2, key);
  return deliveries_of(rows);
}

bool was_not_begun(const Delivery& delivery) {
  const bool waits = delivery.state == DeliveryState::pending || delivery.state == DeliveryState::held;
  return waits && !delivery.frozen && delivery.step.empty();
}

/// Follows the rows of transactions from some of them to all that hang together. Everything found is as if it had never been, or nothing is. Rows are looked at
/// in an order that has nothing to do with theirs: where they come back one by one, in whichever order, the first few tell that not all are back.
class UndoneSearch {
 public:
  UndoneSearch(Connection& connection, Deliveries& deliveries, std::int64_t pipeline_id)
      : connection_(connection), deliveries_(deliveries), bundles_(connection), pipeline_id_(pipeline_id) {}

  bool are_all_undone(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) reach(key);
    while (!ahead_.empty() && rows_.size() <= undone_rows_max) {
      const std::string key = ahead_.extract(ahead_.begin()).value().second;
      if (!is_undone(key)) return false;
    }
    return ahead_.empty();
  }
  const std::vector<Delivery>& found() const { return found_; }

 private:
  void reach(const std::string& key) {
    if (rows_.insert(key).second) ahead_.emplace(std::hash<std::string>()(key), key);
  }

  /// A row that has another key by now is told by both.
  bool is_undone(const std::string& key) {
    std::vector<Delivery> open = open_of_key(connection_, pipeline_id_, key);
    if (open.empty()) return true;
    const auto sent = deliveries_.last_sent(pipeline_id_, key);
    const bool has_moved = deliveries_.is_moved_away(pipeline_id_, key) || (sent && !sent->kept_under.empty());
    if (has_moved || !deliveries_.is_as_sent(open.back(), sent) || !nothing_was_let_go(connection_, pipeline_id_, key)) return false;
    for (Delivery& delivery : open) {
      if (!was_not_begun(delivery) || (delivery.bundle_id && !reach_members(*delivery.bundle_id))) return false;
      found_.push_back(std::move(delivery));
    }
    return true;
  }

  bool reach_members(std::int64_t bundle_id) {
    if (!seen_.insert(bundle_id).second) return true;
    const auto bundle = bundles_.find(bundle_id);
    if (!bundle || bundle->state != BundleState::waiting) return false;
    Statement member = connection_.prepare("SELECT d.key, d.state = 'dead' FROM delivery AS d INDEXED BY delivery_by_bundle WHERE d.bundle_id = ? AND "
                                           "(d.state = 'dead' OR " DELIVERY_IS_OPEN("d") ")");
    for (member.bind(1, bundle_id); member.step();) {
      if (member.integer(1) != 0) return false;
      reach(std::string(member.text(0)));
    }
    return true;
  }

  Connection& connection_;
  Deliveries& deliveries_;
  Bundles bundles_;
  std::int64_t pipeline_id_;
  std::set<std::string> rows_;
  std::set<std::pair<std::size_t, std::string>> ahead_;  ///< of those, not looked at yet
  std::set<std::int64_t> seen_;                          ///< bundles
  std::vector<Delivery> found_;
};

}  // namespace

std::optional<std::int64_t> Anomalies::holder_of(std::int64_t pipeline_id, const std::string& source_transaction) {
  Statement row = connection_.prepare(
      "SELECT d.anomaly_id FROM bundle AS b INDEXED BY bundle_waiting JOIN delivery AS d INDEXED BY delivery_by_bundle ON d.bundle_id = b.id "
      "JOIN anomaly AS a ON a.id = d.anomaly_id WHERE b.pipeline_id = ?1 AND b.source_transaction = ?2 AND b.state = 'waiting' "
      "AND d.state = 'held' AND a.kind = ?3 LIMIT 1");
  row.bind(1, pipeline_id).bind(2, source_transaction).bind(3, mass_change_kind);
  return row.step() ? row.optional_integer(0) : std::nullopt;
}

void Anomalies::hold_whole(std::int64_t bundle_id) {
  std::optional<std::int64_t> holder;
  {
    Statement row = connection_.prepare(
        "SELECT d.anomaly_id FROM delivery AS d INDEXED BY delivery_by_bundle JOIN anomaly AS a ON a.id = d.anomaly_id "
        "WHERE d.bundle_id = ?1 AND d.state = 'held' AND a.kind = ?2 LIMIT 1");
    if (row.bind(1, bundle_id).bind(2, mass_change_kind).step()) holder = row.optional_integer(0);
  }
  if (!holder) return;
  connection_
      .prepare("UPDATE delivery INDEXED BY delivery_by_bundle SET state = 'held', anomaly_id = ?2, reason = ?3 WHERE bundle_id = ?1 AND state = 'pending'")
      .bind(1, bundle_id)
      .bind(2, *holder)
      .bind(3, held_reason(*holder))
      .run();
}

// Of a transaction that is thrown away nothing may be left that could go alone: what breaks a rule, what cannot be mapped, what a person retried.
void Anomalies::gather_transactions(std::int64_t id) {
  const auto anomaly = find(id);
  if (!anomaly || anomaly->kind != mass_change_kind) return;
  connection_
      .prepare("UPDATE delivery SET state = 'held', anomaly_id = ?1, reason = ?2 WHERE id IN (SELECT m.id FROM delivery AS d INDEXED BY delivery_in_anomaly "
               "JOIN delivery AS m INDEXED BY delivery_by_bundle ON m.bundle_id = d.bundle_id WHERE d.anomaly_id = ?1 AND d.state = 'held' "
               "AND d.bundle_id IS NOT NULL AND (m.state IN ('pending', 'dead') OR (m.state = 'held' AND m.anomaly_id IS NOT ?1)))")
      .bind(1, id)
      .bind(2, held_reason(id))
      .run();
}

/// Later transactions were planned before anybody rejected anything. False: none of them brings it.
bool Anomalies::hold_behind(const std::vector<Place>& rejected, std::int64_t id) {
  bool any = false;
  for (const Place& each : rejected) {
    const auto rejection = deliveries_.rejections().of(each.pipeline_id, each.key);
    for (const Delivery& later : open_of_key(connection_, each.pipeline_id, each.key)) {
      if (!rejection || later.id < each.delivery_id || !was_not_begun(later) || !carries(later, *rejection)) continue;
      connection_.prepare("UPDATE delivery SET state = 'held', anomaly_id = ?2, reason = ?3 WHERE id = ?1")
          .bind(1, later.id)
          .bind(2, id)
          .bind(3, held_reason(id))
          .run();
      if (later.bundle_id) hold_whole(*later.bundle_id);
      any = true;
    }
  }
  return any;
}

std::int64_t Anomalies::heal_undone(std::int64_t pipeline_id, const std::vector<std::string>& keys, std::int64_t now_ms) {
  UndoneSearch search(connection_, deliveries_, pipeline_id);
  if (!search.are_all_undone(keys)) return 0;
  std::optional<std::int64_t> holder;
  for (const Delivery& each : search.found()) {
    const auto anomaly = each.anomaly_id && !holder ? find(*each.anomaly_id) : std::nullopt;
    if (anomaly && anomaly->kind == mass_change_kind) holder = anomaly->id;
  }
  if (!holder) return 0;
  for (const Delivery& each : search.found()) {
    connection_.prepare("UPDATE delivery SET state = 'healed', anomaly_id = ?2, reason = 'back to what was last sent', updated_ms = ?3 WHERE id = ?1")
        .bind(1, each.id)
        .bind(2, *holder)
        .bind(3, now_ms)
        .run();
    deliveries_.rejections().forget(pipeline_id, each.key);
  }
  return static_cast<std::int64_t>(search.found().size());
}

}  // namespace engine::journal
