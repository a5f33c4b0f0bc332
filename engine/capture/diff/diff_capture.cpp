#include "engine/capture/diff/diff_capture.h"

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/capture/diff/delete_search.h"
#include "engine/capture/diff/pass.h"

namespace engine::capture {

CycleResult DiffCapture::run_cycle(model::Source& source, const StopSignal& stop, const Progress& progress) {
  const std::int64_t started = clock_.steady_ms();
  const std::optional<std::int64_t> images_before = std::exchange(images_, std::nullopt);
  try {
    const model::TableShape shape = source.describe(table_.request);
    const TrackedTable table = track_table(journal_, clock_, table_.name, shape.layout);
    const std::int64_t images = images_before ? *images_before : journal_.read()->images.count(table.row.id);
    PassBitmap seen;
    CycleWriter writer(journal_, clock_, table, table_.initial, seen);
    Recheck recheck(source, table_.request, shape, journal_, table, writer, stop);
    Pass pass({source, shape, table_, table, journal_, stop, progress}, seen, writer, recheck);
    pass.run();
    // A snapshot that went on at its checkpoint did not see the rows before it; the next pass sees all.
    if (!table.position.snapshot && seen.marked() < images + writer.growth()) {
      const std::int64_t there = DeleteSearch(journal_, table, seen, writer, recheck).run();
      if (there > 0) {
        log_event(LogLevel::warning, "capture.rows_overlooked", {{"table", table_.name}, {"rows", std::to_string(there)}});
      }
    }
    writer.finish(images + writer.growth());
    images_ = images + writer.growth();
    CycleResult result = writer.result();
    result.duration_ms = clock_.steady_ms() - started;
    return result;
  } catch (Error& error) {
    error.with("table", table_.name);
    throw;
  }
}

}  // namespace engine::capture
