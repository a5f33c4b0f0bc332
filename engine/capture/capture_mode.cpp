#include "engine/capture/capture_mode.h"

#include "engine/base/error.h"
#include "engine/capture/diff/diff_lookout.h"
#include "engine/capture/table_capture.h"
#include "engine/capture/watermark/watermark.h"
#include "engine/capture/tail/tail_lookout.h"

namespace engine::capture {

std::unique_ptr<CaptureMode> make_capture_mode(const settings::TableDefinition& table, journal::Journal& journal,
                                               const Clock& clock, const std::shared_ptr<FeedTurns>& turns) {
  if (table.capture.mode == "diff") return std::make_unique<TableCapture>(table, journal, clock, std::make_unique<DiffLookout>(table, clock));
  if (table.capture.mode == "watermark") return std::make_unique<TableCapture>(table, journal, clock, std::make_unique<Watermark>(table));
  if (table.capture.mode == "tail") return std::make_unique<TableCapture>(table, journal, clock, std::make_unique<TailLookout>(turns));
  throw Error(ErrorCode::config_invalid, "capture mode " + table.capture.mode + " is not known", {{"table", table.name}});
}

}  // namespace engine::capture
