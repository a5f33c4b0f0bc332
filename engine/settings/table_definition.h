// tables/*.yaml: a source table or query, declared once, with its capture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/source.h"
#include "engine/settings/origin.h"

namespace engine::settings {

enum class Initial : std::uint8_t { baseline, deliver };

struct CaptureDefinition {
  std::string mode = "diff";
  std::int64_t every_ms = 5'000;
  std::int64_t full_every_ms = 0;  ///< how often all is read where a mode reads less
  std::size_t chunk_rows = 10'000;
  std::string log;                          ///< `tail`: the table of the source that holds its change log
  std::int64_t log_rows_max = 1'000'000;    ///< `tail`: a longer log is emptied, and all rows are read instead
};

struct TableDefinition {
  std::string name;
  Origin origin;
  std::string renamed_from;  ///< the name that the journal may still know it by; empty: none
  std::string connection;
  model::TableRequest request;
  CaptureDefinition capture;
  Initial initial = Initial::baseline;
};

}  // namespace engine::settings
