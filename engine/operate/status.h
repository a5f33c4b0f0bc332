// `status`: where every table, pipeline and target stands, from the journal and, while it runs, from the daemon.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/pipeline/live_status.h"
#include "engine/settings/instance.h"

namespace engine::operate {

struct TableStatus {
  std::string name;
  std::string connection;
  std::string state;    ///< new, snapshot, watching, paused – or what the daemon says: reading, unreachable, refused, full
  std::string reason;
  std::int64_t rows = 0;           ///< that the table had when a cycle last found something
  std::int64_t last_cycle_ms = 0;
  std::optional<std::int64_t> last_cycle_took_ms;  ///< known to the daemon that ran it
  std::optional<std::int64_t> last_cycle_rows;     ///< that it read, which is few where a probe or a log spared the rest
  std::optional<std::int64_t> next_cycle_in_ms;
  std::int64_t rows_now = 0;       ///< progress of the cycle under way
  std::int64_t rows_expected = 0;
  std::optional<journal::RangeBackfill> backfill;  ///< the last one of a range of keys, ended or not
};

struct PipelineStatus {
  std::string name;
  std::string table;
  std::string target;
  std::string state;    ///< running, stopped, unknown (daemon down), vanished (no more in the folder, with live records)
  std::string reason;
  std::int64_t position = 0;
  std::int64_t behind = 0;  ///< changes not yet mapped
  std::vector<std::pair<std::string, std::int64_t>> deliveries;  ///< (state, count) of what is open or dead
  journal::Deliveries::SettlingCount settling;  ///< of the pending ones, those that wait for a quiet moment
  std::vector<journal::Deliveries::Kept> kept_back;  ///< pending ones that a condition keeps back
  std::vector<std::int64_t> anomalies;  ///< ids of those that wait for a person
};

/// One moment of the instance. Without a daemon its live part is empty, and the journal says what it knows.
struct Status {
  std::string instance;
  std::string journal_id;
  std::int64_t last_seq = 0;
  bool daemon_running = false;
  std::int64_t pid = 0;
  std::int64_t started_ms = 0;
  std::vector<TableStatus> tables;
  std::vector<PipelineStatus> pipelines;
  std::vector<pipeline::TargetLive> targets;
};

/// Reads the journal only; `live` is what the daemon said, or nothing when none runs.
Status status_of(const settings::Instance& instance, journal::Records& records, const std::string& journal_id,
                 const std::optional<pipeline::LiveStatus>& live);

boost::json::value json_of(const Status& status);

/// The daemon's live status over its socket, as JSON and back.
std::string live_status_json(const pipeline::LiveStatus& live);
/// Nothing when no daemon listens. Throws what the daemon refused.
std::optional<pipeline::LiveStatus> ask_live_status(const std::filesystem::path& journal_path);

}  // namespace engine::operate
