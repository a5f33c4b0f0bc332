#include "engine/journal/delivery/reports.h"

#include <algorithm>
#include <charconv>

#include "engine/journal/connection.h"

namespace engine::journal {

namespace {

/// The numbers at the end of "<journal>-<pipeline>-<last_seq>-<generation>".
std::optional<std::pair<std::int64_t, std::int64_t>> pipeline_and_seq(std::string_view key) {
  std::int64_t numbers[3] = {};
  for (int i = 2; i >= 0; --i) {
    const std::size_t dash = key.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const char* const end = key.data() + key.size();
    const auto [at, error] = std::from_chars(key.data() + dash + 1, end, numbers[i]);
    if (error != std::errc{} || at != end) return std::nullopt;
    key = key.substr(0, dash);
  }
  return std::pair(numbers[0], numbers[1]);
}

/// In the order in which things happen: a message may be read without a report that it arrived.
int rank_of(const std::string& status) {
  if (status == "sent") return 1;
  if (status == "delivered") return 2;
  return status == "failed" ? 0 : 3;
}

struct Known {
  bool any = false;
  bool failed = false;
  int rank = 0;  ///< the furthest a message got
  std::string furthest;
  std::string reason;
};

Known known_of(const std::vector<Report>& reports) {
  Known known;
  for (const Report& report : reports) {
    known.any = true;
    if (report.status == "failed") {
      known.failed = true;
      known.reason = report.reason;
    } else if (rank_of(report.status) > known.rank) {
      known.rank = rank_of(report.status);
      known.furthest = report.status;
    }
  }
  return known;
}

}  // namespace

Reports::Outcome Reports::take(const Report& report) {
  const auto delivery = delivery_of(report.key);
  if (!delivery || delivery->connection != report.connection) return {};
  Statement insert = connection_.prepare(
      "INSERT INTO delivery_report (delivery_id, connection, remote_id, status, recipient, reason, at_ms, received_ms) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection, remote_id, status) DO NOTHING");
  insert.bind(1, delivery->id).bind(2, report.connection).bind(3, report.remote_id).bind(4, report.status);
  insert.bind(5, report.recipient).bind(6, report.reason).bind(7, report.at_ms).bind(8, report.received_ms).run();
  if (connection_.changes() == 0) return {.taken = Taken::known};
  return {.taken = Taken::kept, .settled = settle(*delivery)};
}

/// What waits for another try is settled as what is uncertain: its last answer said that nothing was sent, and was wrong.
/// What is in flight waits for its answer. A message that arrived at the person cannot fail any more.
bool Reports::settle(const Delivery& delivery) {
  const std::vector<Report> reports = of(delivery.id);
  const Known known = known_of(reports);
  if (!known.any) return false;
  const std::int64_t now_ms =
      std::max_element(reports.begin(), reports.end(), [](const Report& a, const Report& b) {
        return a.received_ms < b.received_ms;
      })->received_ms;
  const bool open = delivery.state == DeliveryState::uncertain || delivery.state == DeliveryState::pending;
  const bool failed = known.failed && known.rank < 2;
  if (failed && (delivery.state == DeliveryState::uncertain || delivery.state == DeliveryState::delivered)) {
    return end(delivery, DeliveryState::dead, "the target reported that it failed: " + known.reason, false, now_ms);
  }
  if (failed || !open || known.rank == 0) return false;
  return end(delivery, DeliveryState::delivered, "the target reported it as " + known.furthest, true, now_ms);
}

std::vector<Report> Reports::of(std::int64_t delivery_id) {
  Statement rows = connection_.prepare(
      "SELECT connection, remote_id, status, recipient, reason, at_ms, received_ms FROM delivery_report "
      "WHERE delivery_id = ? ORDER BY at_ms, id");
  rows.bind(1, delivery_id);
  std::vector<Report> reports;
  while (rows.step()) {
    reports.push_back({.connection = std::string(rows.text(0)),
                       .remote_id = std::string(rows.text(1)),
                       .status = std::string(rows.text(2)),
                       .key = {},
                       .recipient = std::string(rows.text(3)),
                       .reason = std::string(rows.text(4)),
                       .at_ms = rows.integer(5),
                       .received_ms = rows.integer(6)});
  }
  // The target's seconds are too coarse to tell what happened first.
  std::stable_sort(reports.begin(), reports.end(), [](const Report& a, const Report& b) {
    return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : rank_of(a.status) < rank_of(b.status);
  });
  return reports;
}

/// Keys have no index of their own, which every delivery would pay for: the change that a key names leads to its delivery.
std::optional<Delivery> Reports::delivery_of(const std::string& key) {
  const auto named = pipeline_and_seq(key);
  if (!named) return std::nullopt;
  Statement change = connection_.prepare("SELECT key FROM change WHERE seq = ?");
  if (!change.bind(1, named->second).step()) return std::nullopt;
  const std::string row_key(change.text(0));
  // Whoever was forgotten stays so, though his messages go on to be read.
  if (row_key.starts_with("[\"forgotten-")) return std::nullopt;
  Statement row = connection_.prepare(
      "SELECT id FROM delivery INDEXED BY delivery_by_key WHERE pipeline_id = ? AND key = ? AND idempotency_key = ?");
  if (!row.bind(1, named->first).bind(2, row_key).bind(3, key).step()) return std::nullopt;
  return deliveries_.find(row.integer(0));
}

bool Reports::end(Delivery delivery, DeliveryState state, std::string reason, bool fields_are_known,
                  std::int64_t now_ms) {
  const DeliveryState before = delivery.state;
  delivery.state = state;
  delivery.reason = std::move(reason);
  delivery.not_before_ms = 0;
  delivery.updated_ms = now_ms;
  if (state != DeliveryState::dead) delivery.frozen.reset();
  if (!deliveries_.update_if(delivery, {before})) return false;
  deliveries_.put_last_sent({.pipeline_id = delivery.pipeline_id,
                             .key = delivery.key,
                             .connection = delivery.connection,
                             .object = delivery.object,
                             .match = delivery.match,
                             .fields = fields_are_known ? delivery.fields : std::nullopt,
                             .live = true,
                             .mapping = delivery.mapping,
                             .sent_ms = now_ms});
  if (state == DeliveryState::delivered) deliveries_.supersede_dead_before(delivery, now_ms);
  return true;
}

}  // namespace engine::journal
