// Which capture fits a table, and why, by what was found and measured. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/operate/inspect.h"
#include "engine/operate/inspect/reading_time.h"

namespace engine::operate {

/// A column that is said to hold the time of the last change, or counts it.
struct GrowthCandidate {
  std::string name;
  model::Growth growth = model::Growth::none;
  bool indexed = false;    ///< an index leads with it
  bool has_nulls = false;  ///< in the sample
};

struct CaptureFacts {
  RowCount count;
  bool key_is_indexed = false;
  bool is_file = false;        ///< files are read when they changed
  bool has_change_log = false;  ///< the dialect has triggers for `mode: tail`
  std::vector<GrowthCandidate> candidates;
  ReadingTime time;
};

CaptureProposal propose_capture(const CaptureFacts& facts);

/// The next of the intervals that people use: 1 s, 2 s, 5 s, … 24 h.
std::int64_t interval_step(double ms);

}  // namespace engine::operate
