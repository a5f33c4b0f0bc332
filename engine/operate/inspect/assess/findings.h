// What counted changes say: bursts, what a guard would have held, and what fits the table. Pure.
#pragma once

#include "engine/operate/inspect/assess/assess.h"
#include "engine/operate/inspect/assess/tally.h"
#include "engine/operate/review/plan/past_guard.h"

namespace engine::operate {

/// A table at the moment.
struct TableNow {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::string problem{};  ///< why it cannot be read; empty: it can
  PastGuard::CountRows count_rows{};
};

/// Minutes with at least 50 changes that are ten times the table's average minute, or a twentieth of its rows; neighbours are one burst.
std::vector<Burst> bursts_of(const std::string& table, const TableTally& tally, std::int64_t rows, std::int64_t watched_ms);

/// When a pipeline would have learnt what is usual at this table, so that its guard holds by that as well; 0: it was not watched for so long.
std::int64_t knows_rhythm_from(const WatchedTable& table, std::int64_t end_ms);

/// Every cycle is judged by the engine's own guard: with those of the hour before, and by what the cycles before it taught of the table's rhythm. Those it
/// holds within an hour are one.
std::vector<WouldHold> would_hold(const WatchedTable& table, const TableTally& tally, const TableNow& now, const ProposedLimits& limits);

/// Three times the busiest usual hour. An hour that is ten times the median and a twentieth of the rows is not usual.
ProposedLimits propose_limits(const TableTally& tally, std::int64_t rows);

/// The shortest quiet moment that would have merged a third of the updates; 0: none would.
std::int64_t propose_settle(const TableTally& tally, std::int64_t every_ms);

/// `inspect`'s proposal in the light of what was seen: a column that did not move with the changes is no watermark.
CaptureProposal refined(const WatchedTable& table, const TableTally& tally);

/// The table's file, and a guard for the pipelines that read it.
std::string yaml_of(const std::string& connection, const AssessedTable& table);

}  // namespace engine::operate
