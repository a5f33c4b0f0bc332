// What the parts of one cycle share.
#pragma once

#include "engine/capture/reading/cycle_writer.h"
#include "engine/capture/reading/recheck.h"

namespace engine::capture {

/// What a cycle works on; all outlive it.
struct CycleScope {
  model::Source& source;
  const model::TableShape& shape;
  const settings::TableDefinition& definition;
  const TrackedTable& table;
  journal::Journal& journal;
  const Clock& clock;
  const StopSignal& stop;
  const Progress& progress;
};

class Reading {
 public:
  explicit Reading(const CycleScope& given)
      : scope(given),
        writer(scope.journal, scope.clock, scope.table, scope.definition.initial, seen),
        recheck(scope.source, scope.definition.request, scope.shape, scope.journal, scope.table, writer, scope.stop) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  const CycleScope scope;
  bool whole = false;  ///< all is read, whatever a lookout finds
  PassBitmap seen;  ///< images of rows that were read
  CycleWriter writer;
  Recheck recheck;
};

}  // namespace engine::capture
