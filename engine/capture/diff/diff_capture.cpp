#include "engine/capture/diff/diff_capture.h"

#include <set>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/capture/diff/delete_search.h"
#include "engine/capture/diff/pass.h"

namespace engine::capture {

namespace {

// What the condition holds for, as a query of its own; the columns are chosen around it as for every query.
std::string selected(const model::TableRequest& request, const std::string& where) {
  // On a line of its own: the query's last one may be a comment.
  const std::string rows = request.query.empty() ? request.from : "(" + request.query + "\n) chosen";
  return "SELECT * FROM " + rows + " WHERE " + where;
}

}  // namespace

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

SelectedRows DiffCapture::read_again(model::Source& source, const Selection& selection, const StopSignal& stop,
                                     const Progress& progress) {
  images_.reset();  // counted anew by the next cycle
  model::TableShape shape = source.describe(table_.request);
  const TrackedTable table = track_table(journal_, clock_, table_.name, shape.layout);
  if (table.position.snapshot) {
    throw Error(ErrorCode::config_invalid, "the first read of table " + table_.name + " is not complete", {}, "wait for it: it reads every row");
  }
  PassBitmap seen;
  CycleWriter writer(journal_, clock_, table, table_.initial, seen);
  if (selection.keys.empty()) {
    settings::TableDefinition chosen = table_;
    chosen.request.query = selected(table_.request, selection.where);
    chosen.request.from.clear();
    shape.key_is_indexed = false;  // one statement: the condition is the index's business
    Recheck recheck(source, chosen.request, shape, journal_, table, writer, stop);
    Pass({source, shape, chosen, table, journal_, stop, progress}, seen, writer, recheck).run();
  } else {
    read_keys(source, shape, table, selection, stop, seen, writer);
  }
  SelectedRows rows{writer.result(), {}};
  for (std::int64_t after = 0;;) {
    const auto ordinals = journal_.read()->images.ordinals(table.row.id, after, 10'000);
    if (ordinals.empty()) return rows;
    for (const std::int64_t ordinal : ordinals) {
      if (seen.contains(ordinal)) rows.ordinals.push_back(ordinal);
    }
    after = ordinals.back();
  }
}

void DiffCapture::read_keys(model::Source& source, const model::TableShape& shape, const TrackedTable& table,
                            const Selection& selection, const StopSignal& stop, PassBitmap& seen, CycleWriter& writer) {
  Recheck recheck(source, table_.request, shape, journal_, table, writer, stop);
  std::vector<Recheck::Suspect> suspects;
  std::set<std::string_view> once;
  for (const Selection::Key& key : selection.keys) {
    if (once.insert(key.encoded).second) suspects.push_back({key.encoded, key.source_key});
  }
  recheck.look(suspects);
  writer.write();
  for (Recheck::Suspect& suspect : suspects) {
    auto image = journal_.read()->images.find(table.row.id, suspect.key);
    if (!image) continue;
    if (!suspect.found) recheck.look_by_canonical_key(suspect, *image);
    if (suspect.found) {
      seen.mark(image->ordinal);
    } else {
      writer.erase(std::move(*image));
    }
  }
  writer.write();
}

}  // namespace engine::capture
