// What a running daemon knows beyond its journal, as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace engine::pipeline {

/// What a person has paused, by name, and why.
using Paused = std::map<std::string, std::string>;

struct TableLive {
  std::string name;
  std::string connection;
  std::string state;  ///< waiting, reading, unreachable, refused, paused, full
  std::string reason;
  bool by_person = false;                ///< paused by somebody, who knows
  std::int64_t last_cycle_ms = 0;        ///< wall time of the last complete cycle; 0: none since the start
  std::int64_t last_cycle_took_ms = 0;
  std::int64_t rows_last_cycle = 0;
  std::int64_t rows_now = 0;             ///< progress of the cycle under way
  std::int64_t rows_expected = 0;
  std::int64_t next_in_ms = 0;
  std::int64_t last_change_ms = 0;       ///< wall time of the last cycle that found a change; 0: none since the start
};

/// Read as planned, or about to be.
inline bool is_well(const TableLive& table) { return table.state == "waiting" || table.state == "reading"; }

struct PipelineLive {
  std::string name;
  std::string state;  ///< running, paused (by a person), stopped
  std::string reason;
};

struct TargetLive {
  std::string name;
  std::string state;  ///< running, open, auth_refused, paused, stopped
  std::string reason;
  int in_flight = 0;
  std::int64_t delivered = 0;
};

struct LiveStatus {
  std::int64_t pid = 0;
  std::int64_t started_ms = 0;
  std::vector<TableLive> tables;
  std::vector<PipelineLive> pipelines;
  std::vector<TargetLive> targets;
};

}  // namespace engine::pipeline
