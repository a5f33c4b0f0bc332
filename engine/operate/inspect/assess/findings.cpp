#include "engine/operate/inspect/assess/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/text/durations.h"
#include "engine/operate/inspect/capture_proposal.h"
#include "engine/operate/inspect/yaml_text.h"

namespace engine::operate {

namespace {

constexpr std::int64_t notable = 50;  ///< fewer changes are neither a burst nor ever held
constexpr std::size_t burst_columns_max = 3;

CountsByTime summed(const CountsByTime& slots, std::int64_t width_ms) {
  CountsByTime sums;
  for (const auto& [at, counts] : slots) sums[at / width_ms * width_ms] += counts;
  return sums;
}

std::vector<std::string> columns_between(const TableTally& tally, std::int64_t begin_ms, std::int64_t end_ms) {
  std::map<std::uint32_t, std::int64_t> sums;
  for (const CycleTally& cycle : tally.cycles) {
    if (cycle.at_ms < begin_ms || cycle.at_ms >= end_ms) continue;
    for (const auto& [column, count] : cycle.columns) sums[column] += count;
  }
  std::vector<std::pair<std::int64_t, std::uint32_t>> order;
  for (const auto& [column, count] : sums) order.emplace_back(-count, column);
  std::sort(order.begin(), order.end());
  std::vector<std::string> names;
  for (const auto& [count, column] : order) {
    if (names.size() < burst_columns_max) names.push_back(tally.column_names[column]);
  }
  return names;
}

/// 1, 2, 5, 10, 20, 50, …: numbers that a person remembers.
std::int64_t round_up(double value) {
  std::int64_t step = 1;
  while (true) {
    for (const std::int64_t factor : {1, 2, 3, 5}) {
      if (static_cast<double>(step * factor) >= value) return step * factor;
    }
    step *= 10;
  }
}

std::int64_t limit_for(const std::vector<std::int64_t>& hours, std::int64_t rows) {
  std::int64_t usual = 0;
  const std::int64_t median = hours.empty() ? 0 : hours[hours.size() / 2];
  for (const std::int64_t hour : hours) {
    const bool alone = hours.size() == 1;
    const bool unusual = hour >= notable && hour * 20 > rows && (alone || hour > 10 * median);
    if (!unusual) usual = std::max(usual, hour);
  }
  return std::max(notable, round_up(3.0 * static_cast<double>(usual)));
}

std::vector<std::int64_t> hours_of(const CountsByTime& hours, std::int64_t Counts::*operation) {
  std::vector<std::int64_t> counts;
  for (const auto& [at, each] : hours) {
    if (each.*operation > 0) counts.push_back(each.*operation);
  }
  std::sort(counts.begin(), counts.end());
  return counts;
}

journal::EffectCounts effects_of(const Counts& counts) { return {counts.inserts, counts.updates, counts.deletes}; }

/// Written down, so the rhythm has no say.
settings::EffectLimit limit_of(std::int64_t count) { return {.is_set = true, .count = count, .is_own = true}; }

/// Walks through the cycles as the guard would have met them; what it holds joins the anomaly that is open.
std::vector<WouldHold> held_by(PastGuard guard, const std::string& table, const TableTally& tally, std::int64_t rows, bool by_default) {
  std::vector<WouldHold> found;
  std::int64_t last_ms = 0;
  for (const CycleTally& cycle : tally.cycles) {
    const PastCycle past{.id = cycle.id, .first_seq = cycle.first_seq, .last_ms = cycle.last_ms, .effects = effects_of(cycle.counts)};
    const guard::Verdict verdict = guard.judge(past, rows);
    rows += cycle.counts.inserts - cycle.counts.deletes;
    if (!verdict.held) continue;
    const bool joins = !found.empty() && cycle.at_ms - last_ms <= hour_ms;
    if (joins) found.back().counts += cycle.counts;
    else found.push_back({.table = table, .at_ms = cycle.at_ms, .counts = cycle.counts, .text = verdict.text, .by_default = by_default});
    last_ms = cycle.at_ms;
  }
  return found;
}

std::optional<std::int64_t> watched_since(const WatchedTable& table) {
  return table.stretches.empty() ? std::nullopt : std::optional(table.stretches.front().begin_ms);
}

}  // namespace

std::vector<Burst> bursts_of(const std::string& table, const TableTally& tally, std::int64_t rows, std::int64_t watched_ms) {
  const double minutes = std::max(1.0, static_cast<double>(watched_ms) / static_cast<double>(minute_ms));
  const double average = static_cast<double>((tally.counts.all() - tally.between.all())) / minutes;
  std::vector<Burst> bursts;
  for (const auto& [at, counts] : summed(tally.by_slot, minute_ms)) {
    const auto changes = static_cast<double>(counts.all());
    if (counts.all() < notable || (changes < 10 * average && changes * 20 < static_cast<double>(rows))) continue;
    if (bursts.empty() || at > bursts.back().end_ms) {
      bursts.push_back({.table = table, .begin_ms = at, .end_ms = at + minute_ms, .counts = counts});
    } else {
      bursts.back().end_ms = at + minute_ms;
      bursts.back().counts += counts;
    }
  }
  for (Burst& burst : bursts) {
    burst.share = rows > 0 ? static_cast<double>(burst.counts.all()) / static_cast<double>(rows) : 1;
    burst.columns = columns_between(tally, burst.begin_ms, burst.end_ms);
  }
  return bursts;
}

std::int64_t knows_rhythm_from(const WatchedTable& table, std::int64_t end_ms) {
  const auto since = watched_since(table);
  const std::int64_t from = since.value_or(0) + settings::RhythmLimits{}.learn_ms;
  return since && from <= end_ms ? from : 0;
}

std::vector<WouldHold> would_hold(const WatchedTable& table, const TableTally& tally, const TableNow& now, const ProposedLimits& limits) {
  const std::int64_t rows_then = now.rows - tally.counts.inserts + tally.counts.deletes;
  const PastKnowledge known{.learns_since_ms = watched_since(table), .learns = true};
  const auto guard_of = [&](const settings::MassChange& limits_of_it) { return PastGuard(limits_of_it, false, known, now.count_rows); };
  std::vector<WouldHold> found = held_by(guard_of({}), table.name, tally, rows_then, true);
  const settings::MassChange proposed{.inserts = limit_of(limits.inserts), .updates = limit_of(limits.updates), .deletes = limit_of(limits.deletes)};
  // What is held without any configuration is not told twice.
  for (WouldHold& each : held_by(guard_of(proposed), table.name, tally, rows_then, false)) {
    const bool told = std::any_of(found.begin(), found.end(), [&each](const WouldHold& other) { return other.by_default && other.at_ms == each.at_ms; });
    if (!told) found.push_back(std::move(each));
  }
  return found;
}

ProposedLimits propose_limits(const TableTally& tally, std::int64_t rows) {
  const CountsByTime hours = summed(tally.by_slot, hour_ms);
  ProposedLimits limits{.inserts = limit_for(hours_of(hours, &Counts::inserts), rows),
                        .updates = limit_for(hours_of(hours, &Counts::updates), rows),
                        .deletes = limit_for(hours_of(hours, &Counts::deletes), rows)};
  for (const auto& [at, each] : hours) {
    const bool usual = each.inserts <= limits.inserts && each.updates <= limits.updates && each.deletes <= limits.deletes;
    if (usual) limits.usual_hour_max = std::max(limits.usual_hour_max, each.all());
  }
  return limits;
}

std::int64_t propose_settle(const TableTally& tally, std::int64_t every_ms) {
  if (tally.updates_of_known < notable) return 0;
  for (std::size_t i = 0; i < repeat_windows_ms.size(); ++i) {
    // Shorter than two looks, nothing can be seen of it; longer than ten minutes, nobody wants to wait.
    if (repeat_windows_ms[i] < 2 * every_ms || repeat_windows_ms[i] > 600'000) continue;
    if (tally.repeats[i] * 3 >= tally.updates_of_known) return repeat_windows_ms[i];
  }
  return 0;
}

CaptureProposal refined(const WatchedTable& table, const TableTally& tally) {
  CaptureProposal proposal = table.proposal;
  if (proposal.mode != "watermark") return proposal;
  const auto column = std::find(tally.column_names.begin(), tally.column_names.end(), proposal.column);
  const std::int64_t moved = column == tally.column_names.end() ? 0 : tally.columns[static_cast<std::size_t>(column - tally.column_names.begin())].changed;
  const std::int64_t missed = tally.counts.updates - moved;
  if (tally.counts.updates == 0) {
    proposal.reasons.push_back(fmt::format("no row was updated while it was watched: whether {} moves with every change is not known", proposal.column));
  } else if (missed == 0) {
    proposal.reasons.push_back(fmt::format("{} moved with each of the {} updates that were seen", proposal.column, tally.counts.updates));
  } else {
    proposal.reasons = {fmt::format("{} did not move with {} of {} updates: as a watermark it would have missed them until the next full reading",
                                    proposal.column, missed, tally.counts.updates)};
    proposal.mode = "diff";
    proposal.every_ms = proposal.diff_every_ms;
    proposal.column.clear();
    proposal.overlap_ms = proposal.full_every_ms = 0;
    return proposal;
  }
  if (tally.counts.deletes > 0) {
    proposal.reasons.push_back(fmt::format("{} deletes would have been found by the reading of all rows only", tally.counts.deletes));
  }
  return proposal;
}

std::string yaml_of(const std::string& connection, const AssessedTable& table) {
  TableInspection as_inspected{.connection = connection, .from = table.from};
  as_inspected.key.columns = table.key;
  as_inspected.key.indexed = true;
  as_inspected.capture = table.capture;
  std::string text = fmt::format("# tables/{}.yaml\n{}", table.name, table_yaml(as_inspected, table.name));
  text += fmt::format("\n# in its pipelines, in the place of what they would learn of their rhythm; the busiest usual hour had {} changes\nguard:\n", table.limits.usual_hour_max);
  text += fmt::format("  mass_change: {{ insert: {}, update: {}, delete: {}, window: 1h }}\n", table.limits.inserts, table.limits.updates, table.limits.deletes);
  if (table.settle_ms > 0) text += fmt::format("  settle: {}  # rows change several times within it\n", yaml_duration(table.settle_ms));
  return text;
}

}  // namespace engine::operate
