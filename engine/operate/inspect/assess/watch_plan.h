// What an assessment watches and when it did, in a file beside its journal, so that it goes on after a kill.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/text/durations.h"
#include "engine/operate/inspect/assess/assess.h"
#include "engine/settings/table_definition.h"

namespace engine::operate {

struct Stretch {
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
};

struct WatchedTable {
  std::string name, from;
  std::string query;  ///< in the place of `from`, of a table that is declared so
  std::vector<std::string> key, exclude;
  std::int64_t every_ms = 5'000;
  std::int64_t full_every_ms = hour_ms;
  std::string user_column;
  CaptureProposal proposal;        ///< `inspect`'s
  std::vector<Stretch> stretches;  ///< from the end of a first cycle to the end of that process
  std::int64_t cycles = 0, busy_ms = 0;
};

struct WatchPlan {
  std::string connection, server;
  std::vector<WatchedTable> tables;
  std::vector<NotWatched> not_watched;
  std::vector<Stretch> stretches;  ///< of the whole
  std::int64_t watched_ms() const;
};

/// Nullopt when there is none. Throws journal_failed for a file that is not one.
std::optional<WatchPlan> read_plan(const std::filesystem::path& folder);
/// Whole or not at all.
void write_plan(const std::filesystem::path& folder, const WatchPlan& plan);

/// By comparison of all rows, whatever the table's own mode is: a change log belongs to the daemon that reads it.
settings::TableDefinition definition_of(const WatchedTable& table, const std::string& connection);

}  // namespace engine::operate
