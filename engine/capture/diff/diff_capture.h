// `mode: diff`: reads the whole table each cycle and compares it with the row images.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "engine/capture/capture_mode.h"
#include "engine/capture/diff/cycle_writer.h"

namespace engine::capture {

/// Needs nothing of the source but a key. Sees every difference between the states at two cycles, deletes included.
class DiffCapture final : public CaptureMode {
 public:
  DiffCapture(const settings::TableDefinition& table, journal::Journal& journal, const Clock& clock)
      : table_(table), journal_(journal), clock_(clock) {}

  CycleResult run_cycle(model::Source& source, const StopSignal& stop, const Progress& progress) override;
  SelectedRows read_again(model::Source& source, const Selection& selection, const StopSignal& stop,
                          const Progress& progress) override;

 private:
  void read_keys(model::Source& source, const model::TableShape& shape, const TrackedTable& table, const Selection& selection,
                 const StopSignal& stop, PassBitmap& seen, CycleWriter& writer);

  settings::TableDefinition table_;
  journal::Journal& journal_;
  const Clock& clock_;
  /// Images of the table; nobody else writes them. Unknown at first and after a failed cycle.
  std::optional<std::int64_t> images_;
};

}  // namespace engine::capture
