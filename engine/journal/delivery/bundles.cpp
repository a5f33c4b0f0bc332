#include "engine/journal/delivery/bundles.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/journal/connection.h"
#include "engine/journal/delivery/delivery_row.h"

namespace engine::journal {

namespace {

constexpr std::array<std::string_view, 3> bundle_states{"waiting", "begun", "apart"};

#define BUNDLE_COLUMNS "SELECT id, pipeline_id, cycle_id, source_transaction, state, changes, created_ms FROM bundle "

Bundle bundle_of(const Statement& row) {
  return {.id = row.integer(0),
          .pipeline_id = row.integer(1),
          .cycle_id = row.integer(2),
          .source_transaction = std::string(row.text(3)),
          .state = static_cast<BundleState>(place_of(row.text(4), bundle_states, "a bundle's state")),
          .changes = row.integer(5),
          .created_ms = row.integer(6)};
}

std::string shown(const Delivery& delivery) { return fmt::format("delivery {} ({})", delivery.id, delivery.key); }

/// An open delivery of another bundle or of none that comes before in the lane, by its own match value or by the one its record has.
std::optional<Delivery> before_in_lane(Connection& connection, const Delivery& member, const std::string& match) {
  if (match == "{}") return std::nullopt;
  for (const char* sql : {"SELECT " DELIVERY_COLUMNS " FROM delivery AS d INDEXED BY delivery_open_lane WHERE d.connection = ? AND d.object = ? "
                          "AND d.match = ? AND d.id < ? AND d.bundle_id IS NOT ? AND " DELIVERY_IS_OPEN("d") " LIMIT 1",
                          "SELECT " DELIVERY_COLUMNS " FROM delivery AS d INDEXED BY delivery_open_also WHERE d.connection = ? AND d.object = ? "
                          "AND d.also_match = ? AND d.id < ? AND d.bundle_id IS NOT ? AND d.also_match IS NOT NULL AND " DELIVERY_IS_OPEN("d")
                          " LIMIT 1"}) {
    Statement row = connection.prepare(sql);
    row.bind(1, member.connection).bind(2, member.object).bind(3, match).bind(4, member.id).bind(5, member.bundle_id);
    if (row.step()) return delivery_of(row);
  }
  return std::nullopt;
}

std::optional<Delivery> before_in_key(Connection& connection, const Delivery& member) {
  Statement row = connection.prepare("SELECT " DELIVERY_COLUMNS
                                     " FROM delivery AS d INDEXED BY delivery_open_key WHERE d.pipeline_id = ? AND d.key = ? AND d.id < ? "
                                     "AND d.bundle_id IS NOT ? AND " DELIVERY_IS_OPEN("d") " LIMIT 1");
  row.bind(1, member.pipeline_id).bind(2, member.key).bind(3, member.id).bind(4, member.bundle_id);
  if (!row.step()) return std::nullopt;
  return delivery_of(row);
}

}  // namespace

std::string_view name_of(BundleState state) { return bundle_states[static_cast<std::size_t>(state)]; }

std::int64_t Bundles::add(const Bundle& bundle) {
  connection_
      .prepare("INSERT INTO bundle (pipeline_id, cycle_id, source_transaction, state, changes, created_ms) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(1, bundle.pipeline_id)
      .bind(2, bundle.cycle_id)
      .bind(3, bundle.source_transaction)
      .bind(4, name_of(bundle.state))
      .bind(5, bundle.changes)
      .bind(6, bundle.created_ms)
      .run();
  return connection_.last_row_id();
}

void Bundles::set_changes(std::int64_t id, std::int64_t changes) {
  connection_.prepare("UPDATE bundle SET changes = ?2 WHERE id = ?1").bind(1, id).bind(2, changes).run();
}

std::optional<Bundle> Bundles::find(std::int64_t id) {
  Statement row = connection_.prepare(BUNDLE_COLUMNS "WHERE id = ?");
  if (!row.bind(1, id).step()) return std::nullopt;
  return bundle_of(row);
}

std::vector<Bundle> Bundles::of_cycle(std::int64_t pipeline_id, std::int64_t cycle_id) {
  Statement row = connection_.prepare(BUNDLE_COLUMNS "INDEXED BY bundle_by_cycle WHERE pipeline_id = ? AND cycle_id = ? ORDER BY id");
  row.bind(1, pipeline_id).bind(2, cycle_id);
  std::vector<Bundle> bundles;
  while (row.step()) bundles.push_back(bundle_of(row));
  return bundles;
}

std::vector<Delivery> Bundles::members(std::int64_t id) {
  Statement rows = connection_.prepare("SELECT " DELIVERY_COLUMNS
                                       " FROM delivery AS d INDEXED BY delivery_by_bundle WHERE d.bundle_id = ? AND (d.state = 'dead' OR "
                                       DELIVERY_IS_OPEN("d") ") ORDER BY d.id");
  rows.bind(1, id);
  return deliveries_of(rows);
}

/// A dead letter of one that waits is still to be decided; of one that was begun it has been sent.
bool Bundles::is_over(std::int64_t id) {
  Statement row = connection_.prepare("SELECT 1 FROM delivery AS d INDEXED BY delivery_by_bundle WHERE d.bundle_id = ?1 AND (" DELIVERY_IS_OPEN("d")
                                      " OR (d.state = 'dead' AND (SELECT state FROM bundle WHERE id = ?1) = 'waiting')) LIMIT 1");
  return !row.bind(1, id).step();
}

bool Bundles::keeps_place(const Delivery& dead) {
  const auto bundle = dead.bundle_id ? find(*dead.bundle_id) : std::nullopt;
  if (!bundle || bundle->state != BundleState::waiting) return false;
  Statement newer = connection_.prepare(
      "SELECT 1 FROM delivery INDEXED BY delivery_by_key WHERE pipeline_id = ? AND key = ? AND id > ? AND "
      "(bundle_id IS NULL OR state NOT IN ('pending', 'held', 'dead', 'superseded', 'rejected')) LIMIT 1");
  return !newer.bind(1, dead.pipeline_id).bind(2, dead.key).bind(3, dead.id).step();
}

/// The newest older bundle of the row is enough: one before it keeps that one waiting, and an open delivery of it stands in the way. One that was
/// superseded says nothing of what was sent.
std::string Bundles::reason_to_wait(const Delivery& member) {
  auto before = before_in_key(connection_, member);
  if (!before) before = before_in_lane(connection_, member, member.match);
  if (!before && member.also_match) before = before_in_lane(connection_, member, *member.also_match);
  if (before) return fmt::format("stands behind {}", shown(*before));
  Statement older = connection_.prepare(
      "SELECT d.bundle_id FROM delivery AS d INDEXED BY delivery_by_key WHERE d.pipeline_id = ? AND d.key = ? AND d.id < ? "
      "AND d.bundle_id IS NOT NULL AND d.bundle_id <> ? AND d.state <> 'superseded' ORDER BY d.id DESC LIMIT 1");
  older.bind(1, member.pipeline_id).bind(2, member.key).bind(3, member.id).bind(4, member.bundle_id);
  if (!older.step() || is_over(older.integer(0))) return {};
  return "stands behind an earlier transaction that is not all delivered";
}

std::optional<BundleHold> Bundles::hold(std::int64_t id) {
  std::vector<Delivery> all = members(id);
  for (Delivery& member : all) {
    if (member.state == DeliveryState::pending) continue;
    std::string reason = fmt::format("is {}", name_of(member.state));
    return BundleHold{std::move(member), std::move(reason)};
  }
  for (Delivery& member : all) {
    if (std::string reason = reason_to_wait(member); !reason.empty()) return BundleHold{std::move(member), std::move(reason)};
  }
  return std::nullopt;
}

bool Bundles::begin(std::int64_t id) {
  if (hold(id)) return false;
  connection_.prepare("UPDATE bundle SET state = 'begun' WHERE id = ? AND state = 'waiting'").bind(1, id).run();
  return connection_.changes() > 0;
}

std::vector<Delivery> Bundles::behind(std::int64_t id) {
  std::vector<Delivery> all;
  if (!is_over(id)) return all;
  Statement rows = connection_.prepare(
      "SELECT " DELIVERY_COLUMNS
      " FROM delivery AS m INDEXED BY delivery_by_bundle JOIN delivery AS d ON d.id = (SELECT o.id FROM delivery AS o INDEXED BY "
      "delivery_open_key WHERE o.pipeline_id = m.pipeline_id AND o.key = m.key AND " DELIVERY_IS_OPEN("o")
      " ORDER BY o.id LIMIT 1) WHERE m.bundle_id = ? AND d.state = 'pending'");
  rows.bind(1, id);
  return deliveries_of(rows);
}

}  // namespace engine::journal
