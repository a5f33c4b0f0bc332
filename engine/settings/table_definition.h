// tables/*.yaml: a source table or query, declared once, with its capture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/source.h"
#include "engine/settings/origin.h"

namespace engine::settings {

enum class Initial : std::uint8_t { baseline, deliver };

/// A column that grows with each change of a row, and where it was named.
struct GrowingColumn {
  std::string name;
  Origin origin;
};

struct CaptureDefinition {
  std::string mode = "diff";
  std::int64_t every_ms = 5'000;
  std::int64_t full_every_ms = 0;  ///< all rows are read at the latest after so long; 0: each time
  bool probe = true;               ///< diff: nothing is read while the source proves that nothing changed
  bool segments = true;            ///< diff: ranges of keys are compared by checksums before they are read
  std::size_t chunk_rows = 10'000;
  // `watermark` alone:
  std::vector<GrowingColumn> columns;     ///< a row is read when any of them lies beyond its mark less the overlap
  std::int64_t overlap_ms = 600'000;      ///< of times
  std::int64_t overlap_ids = 1'000;       ///< of counters
  // `tail` alone:
  std::string by = "triggers";                ///< what tells the changes: triggers, slot, versions, change_tracking, flashback, journal
  std::string log;                            ///< the table of the source that triggers fill, or the slot's name; else as `by`
  std::int64_t log_rows_max = 1'000'000;      ///< a longer log is emptied, and all rows are read instead
  std::int64_t log_bytes_max = 4'000'000'000;  ///< slot: what the server may keep for it; beyond, it is made anew and all rows are read
  bool ties_transactions = false;             ///< a pipeline of the table delivers together: what one row shares is noted
  std::vector<model::LoggedTable> sharing;    ///< slot, versions: the tables of the same log, this one included
  /// What is told is journaled first, since the database would keep it for all tables that share the log.
  bool is_fed() const { return by == "slot" || by == "versions"; }
};

struct TableDefinition {
  std::string name;
  Origin origin;
  std::string renamed_from;  ///< the name that the journal may still know it by; empty: none
  std::string connection;
  model::TableRequest request;
  CaptureDefinition capture;
  Initial initial = Initial::baseline;
  /// Columns that stay with a row whose key changes: one that went and one that came in a cycle with the same values there are one row. Empty: none
  /// are known.
  std::vector<std::string> unchanged_identity;
};

}  // namespace engine::settings
