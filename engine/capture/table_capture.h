// One table under capture: each cycle looks what may have changed, reads that, and now and then everything.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "engine/capture/capture_mode.h"
#include "engine/capture/lookout.h"
#include "engine/capture/reading/reading.h"

namespace engine::capture {

/// Without a lookout every cycle reads all rows: that is `mode: diff` at its plainest, which needs nothing of the source but a key. It sees every
/// difference between the states at two cycles, deletes included. With one, all rows are read at first, when the lookout cannot tell, and at
/// the latest after `full_every`.
class TableCapture final : public CaptureMode {
 public:
  TableCapture(const settings::TableDefinition& table, journal::Journal& journal, const Clock& clock, std::unique_ptr<Lookout> lookout = nullptr);

  CycleResult run_cycle(model::Source& source, const StopSignal& stop, const Progress& progress) override;
  SelectedRows read_again(model::Source& source, const Selection& selection, const StopSignal& stop,
                          const Progress& progress) override;
  ChunkRows read_chunk(model::Source& source, const KeyChunk& chunk, const StopSignal& stop) override;

 private:
  CycleResult run_described(model::Source& source, const StopSignal& stop, const Progress& progress);
  Finding look(Reading& reading) const;
  Finding read_part(Reading& reading) const;
  void watch_moves(Reading& reading) const;
  TrackedTable track(const model::TableShape& shape);
  TrackedTable track_known(const model::TableShape& shape);
  bool whole_is_due(const Position& position) const;
  void read_all(Reading& reading, std::int64_t images) const;
  void tell_healed(const Reading& reading) const;

  settings::TableDefinition table_;
  journal::Journal& journal_;
  const Clock& clock_;
  std::unique_ptr<Lookout> lookout_;
  std::optional<std::int64_t> whole_ms_;  ///< when this process last read all rows; steady
  /// Images of the table; nobody else writes them. Unknown at first and after a failed cycle.
  std::optional<std::int64_t> images_;
};

}  // namespace engine::capture
