// Reads the ranges of keys that a person asked for, chunk by chunk between the cycles of their tables, and plans what they send.
#pragma once

#include <string>
#include <vector>

#include "engine/base/blocking.h"
#include "engine/base/clock.h"
#include "engine/capture/capture_mode.h"
#include "engine/journal/journal.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

/// How far each has come stands in the journal, in one transaction with the deliveries of its rows: after a kill it goes on there, and only the chunk that
/// was under way is read once more. Used by several readers, one a table at a time.
class RangeBackfillReading {
 public:
  RangeBackfillReading(const settings::Instance& instance, journal::Journal& journal, const Clock& clock)
      : instance_(instance), journal_(journal), clock_(clock) {}

  /// Of the tables of this instance, those that have an open one.
  std::vector<std::string> waiting() const;
  /// The next chunk of a table's. False: there is none left. Blocking. Throws Error source_*, journal_*, stopped: the same chunk comes again.
  bool read_chunk(const std::string& table, capture::CaptureMode& mode, model::Source& source, const StopSignal& stop) const;

 private:
  void plan(const std::string& table, const journal::RangeBackfill& read_for, const capture::ChunkRows& rows) const;
  void give_up(const std::string& table, const journal::RangeBackfill& backfill, const std::string& reason) const;

  const settings::Instance& instance_;
  journal::Journal& journal_;
  const Clock& clock_;
};

}  // namespace engine::pipeline
