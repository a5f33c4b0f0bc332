#include "engine/operate/inspect/assess/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text/durations.h"
#include "engine/operate/inspect/assess/findings.h"

namespace engine::operate {

namespace {

constexpr std::size_t users_shown = 20, bursts_shown = 50;

void fill_columns(const TableTally& tally, AssessedTable& result) {
  for (std::size_t i = 0; i < tally.columns.size(); ++i) {
    result.columns.push_back({tally.column_names[i], tally.columns[i].changed, tally.columns[i].alone});
  }
  std::stable_sort(result.columns.begin(), result.columns.end(), [](const auto& a, const auto& b) { return a.changed > b.changed; });
}

void fill_users(const WatchedTable& table, const TableTally& tally, bool hidden, AssessedTable& result) {
  result.user_column = table.user_column;
  for (const auto& [name, changes] : tally.users) result.users.push_back({name, changes});
  std::stable_sort(result.users.begin(), result.users.end(), [](const auto& a, const auto& b) { return a.changes > b.changes; });
  if (result.users.size() > users_shown) result.users.resize(users_shown);
  if (!hidden) return;
  for (std::size_t i = 0; i < result.users.size(); ++i) result.users[i].name = fmt::format("user {}", i + 1);
}

/// One copy for each day that began, the last hour of the whole left out: it moves all rows, and needs those that changed since the one before.
void fill_copies(const TableTally& tally, const Assessment& whole, AssessedTable& result) {
  const std::int64_t copies = std::max<std::int64_t>(1, (whole.end_ms - whole.begin_ms - hour_ms + day_ms - 1) / day_ms);
  result.copied_rows = result.rows * copies;
  for (const auto& [day, rows] : tally.rows_of_day) result.needed_rows += rows;
  result.needed_rows = std::min(result.needed_rows, result.copied_rows);
  const std::int64_t timely = tally.counts.all() - tally.between.all();
  if (timely > 0) result.copy_delay_ms = tally.copy_delay_sum_ms / timely;
}

void propose(const WatchedTable& table, const TableTally& tally, const std::string& connection, AssessedTable& result) {
  for (std::size_t i = 0; i < repeat_windows_ms.size(); ++i) result.repeats[repeat_windows_ms[i]] = tally.repeats[i];
  result.settle_ms = propose_settle(tally, table.every_ms);
  result.capture = refined(table, tally);
  result.limits = propose_limits(tally, result.rows);
  result.yaml = yaml_of(connection, result);
}

}  // namespace

std::int64_t slot_for(std::int64_t ms) {
  for (const std::int64_t width : {10 * second_ms, minute_ms, 5 * minute_ms, 15 * minute_ms, hour_ms, 6 * hour_ms}) {
    if (ms <= 60 * width) return width;
  }
  return day_ms;
}

void summarise(const WatchedTable& table, const TableTally& tally, const TableNow& now, bool hide_users, Assessment& whole) {
  AssessedTable result{.name = table.name, .from = table.from, .key = table.key, .problem = now.problem, .rows = now.rows, .bytes = now.bytes,
                       .counts = tally.counts, .between = tally.between};
  if (!table.stretches.empty()) result.watched_since_ms = table.stretches.front().begin_ms;
  result.rhythm_since_ms = knows_rhythm_from(table, whole.end_ms);
  for (const auto& [at, counts] : tally.by_slot) result.by_time[at / whole.slot_ms * whole.slot_ms] += counts;
  fill_columns(tally, result);
  fill_users(table, tally, hide_users, result);
  fill_copies(tally, whole, result);
  result.cycles = table.cycles;
  result.busy_ms = table.busy_ms;
  propose(table, tally, whole.connection, result);
  for (Burst& burst : bursts_of(table.name, tally, result.rows, whole.watched_ms)) whole.bursts.push_back(std::move(burst));
  for (WouldHold& hold : would_hold(table, tally, now, result.limits)) whole.holds.push_back(std::move(hold));
  whole.tables.push_back(std::move(result));
}

void put_in_order(Assessment& whole) {
  std::stable_sort(whole.tables.begin(), whole.tables.end(), [](const auto& a, const auto& b) { return a.counts.all() > b.counts.all(); });
  std::stable_sort(whole.bursts.begin(), whole.bursts.end(), [](const Burst& a, const Burst& b) { return a.counts.all() > b.counts.all(); });
  if (whole.bursts.size() > bursts_shown) whole.bursts.resize(bursts_shown);
  std::stable_sort(whole.holds.begin(), whole.holds.end(), [](const WouldHold& a, const WouldHold& b) { return a.at_ms < b.at_ms; });
}

Counts& Counts::operator+=(const Counts& other) {
  inserts += other.inserts;
  updates += other.updates;
  deletes += other.deletes;
  return *this;
}

double AssessmentSums::for_nothing() const {
  return copied_rows == 0 ? 0 : 1 - static_cast<double>(needed_rows) / static_cast<double>(copied_rows);
}

AssessmentSums sums_of(const Assessment& assessment) {
  AssessmentSums sums;
  std::int64_t timely = 0;
  for (const AssessedTable& table : assessment.tables) {
    const std::int64_t changes = table.counts.all() - table.between.all();
    sums.rows += table.rows;
    sums.bytes += table.bytes;
    sums.copied_rows += table.copied_rows;
    sums.needed_rows += table.needed_rows;
    sums.copy_delay_ms += table.copy_delay_ms * changes;
    sums.busy_ms += table.busy_ms;
    sums.counts += table.counts;
    timely += changes;
  }
  if (timely > 0) sums.copy_delay_ms /= timely;
  return sums;
}

}  // namespace engine::operate
