// `assess`: watches the tables of a connection for a while, sends nothing, and says what happened there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/blocking.h"
#include "engine/operate/inspect.h"
#include "engine/settings/instance.h"

namespace engine::operate {

struct Counts {
  std::int64_t inserts = 0;
  std::int64_t updates = 0;
  std::int64_t deletes = 0;
  std::int64_t all() const { return inserts + updates + deletes; }
  Counts& operator+=(const Counts& other);
};

/// Counts of a stretch of time, by its start in milliseconds since 1970.
using CountsByTime = std::map<std::int64_t, Counts>;

struct AssessedColumn {
  std::string name;
  std::int64_t changed = 0;  ///< updates in which it differs
  std::int64_t alone = 0;    ///< updates in which nothing else does
};

struct AssessedUser {
  std::string name;
  std::int64_t changes = 0;
};

/// Many changes in a short time.
struct Burst {
  std::string table;
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
  Counts counts;
  double share = 0;                  ///< of the table's rows
  std::vector<std::string> columns;  ///< that changed most often
};

/// What a guard would have kept back, had every row been a record at a target.
struct WouldHold {
  std::string table;
  std::int64_t at_ms = 0;
  Counts counts;
  std::string text;         ///< as the guard says it
  bool by_default = false;  ///< without any configuration; else by the limits that are proposed
};

/// A guard's limits in records an hour, above all that was usual.
struct ProposedLimits {
  std::int64_t inserts = 0;
  std::int64_t updates = 0;
  std::int64_t deletes = 0;
  std::int64_t usual_hour_max = 0;  ///< changes of the busiest hour that is taken for usual
};

struct AssessedTable {
  std::string name, from;
  std::vector<std::string> key;
  std::int64_t watched_since_ms = 0;  ///< its first reading was complete; 0: never
  std::int64_t rhythm_since_ms = 0;   ///< from when on it was known what is usual at an hour of the week; 0: never
  std::string problem;                ///< why it is not read at the moment; empty: it is
  std::int64_t rows = 0;
  std::int64_t bytes = 0;  ///< of these rows as text, estimated
  Counts counts;
  Counts between;  ///< of these: found when watching went on after a pause, so nobody knows when they were made
  CountsByTime by_time;
  std::vector<AssessedColumn> columns;  ///< most changed first
  std::string user_column;              ///< that names who changed a row; empty: the source tells, or nobody does
  std::vector<AssessedUser> users;      ///< busiest first
  std::int64_t copied_rows = 0;         ///< that nightly copies would have moved
  std::int64_t needed_rows = 0;         ///< of these: changed since the copy before
  std::int64_t copy_delay_ms = 0;       ///< how long a change would have waited for the next copy, on average
  std::map<std::int64_t, std::int64_t> repeats;  ///< updates of a row that followed its last change within so many ms
  std::int64_t settle_ms = 0;                    ///< proposed; 0: not worth it
  std::int64_t cycles = 0, busy_ms = 0;          ///< what watching cost
  CaptureProposal capture;
  ProposedLimits limits;
  std::string yaml;  ///< the table, and the guard for its pipelines
};

struct NotWatched {
  std::string from, reason;
};

struct Assessment {
  std::string connection, server, dialect;
  std::int64_t begin_ms = 0, end_ms = 0;
  std::int64_t watched_ms = 0;  ///< without pauses
  std::int64_t wanted_ms = 0;
  std::int64_t slot_ms = 0;  ///< width of what `by_time` counts
  std::vector<AssessedTable> tables;  ///< those with most changes first
  std::vector<NotWatched> not_watched;
  std::vector<Burst> bursts;     ///< largest first
  std::vector<WouldHold> holds;  ///< in order of time

  bool is_complete() const { return watched_ms >= wanted_ms; }
};

/// Sums over all tables.
struct AssessmentSums {
  std::int64_t rows = 0, bytes = 0, copied_rows = 0, needed_rows = 0, copy_delay_ms = 0, busy_ms = 0;
  Counts counts;
  double for_nothing() const;  ///< share of the copied rows; 0 without any
};
AssessmentSums sums_of(const Assessment& assessment);

struct AssessOptions {
  std::string connection;
  std::vector<std::string> tables;  ///< names, also with *; empty: all that have a key
  std::int64_t for_ms = 24LL * 3'600'000;
  std::filesystem::path folder;     ///< of the journal and the page; one that holds an assessment goes on with it
  std::int64_t rows_max = 2'000'000;  ///< larger tables are left out unless they are named
  double busy_share = 0.1;            ///< of the time that statements may run, all tables together
  bool hide_users = false;            ///< "user 1" instead of names
  std::function<void(std::string_view)> progress = [](std::string_view) {};
};

/// Watches until the time is over or `stop` is requested, and writes `report.html` and `report.json` into the folder, also every minute
/// meanwhile. Nothing is written to the source. Throws source_*, config_invalid when nothing can be watched or the folder holds the
/// assessment of another connection, journal_locked when another process watches into it.
Assessment assess(const settings::InstancePlace& place, const AssessOptions& options, const StopSignal& stop);

}  // namespace engine::operate
