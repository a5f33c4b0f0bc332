#include "engine/capture/table_capture.h"

#include <set>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/capture/reading/delete_search.h"
#include "engine/capture/reading/key_reading.h"
#include "engine/capture/reading/keyless_pass.h"
#include "engine/capture/reading/pass.h"
#include "engine/model/source/row_identity.h"

namespace engine::capture {

namespace {

// What the condition holds for, as a query of its own; the columns are chosen around it as for every query.
std::string selected(const model::TableRequest& request, const std::string& where) {
  // On a line of its own: the query's last one may be a comment.
  const std::string rows = request.query.empty() ? request.from : "(" + request.query + "\n) chosen";
  return "SELECT * FROM " + rows + " WHERE " + where;
}

std::vector<Recheck::Suspect> suspects_of(const Selection& selection) {
  std::vector<Recheck::Suspect> suspects;
  std::set<std::string_view> once;
  for (const Selection::Key& key : selection.keys) {
    if (once.insert(key.encoded).second) suspects.push_back({key.encoded, key.source_key});
  }
  return suspects;
}

std::string drift_note(const Healed& healed, const std::string& mode, std::int64_t now_ms) {
  const std::int64_t rows = healed.inserts + healed.updates;
  if (rows == 0) return {};
  return "reading all rows at " + utc_text(now_ms).substr(0, 19) + "Z found " + std::to_string(rows) + (rows == 1 ? " change" : " changes") + " that `" +
         mode + "` had not seen";
}

}  // namespace

TableCapture::TableCapture(const settings::TableDefinition& table, journal::Journal& journal, const Clock& clock, std::unique_ptr<Lookout> lookout)
    : table_(table), journal_(journal), clock_(clock), lookout_(std::move(lookout)) {}

CycleResult TableCapture::run_cycle(model::Source& source, const StopSignal& stop, const Progress& progress) {
  try {
    return run_described(source, stop, progress);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::source_schema_changed) throw;
  }
  // A column may have gone between the table's description and a statement: it is described anew, on a connection without a past.
  source.close();
  return run_described(source, stop, progress);
}

CycleResult TableCapture::run_described(model::Source& source, const StopSignal& stop, const Progress& progress) {
  const std::int64_t started = clock_.steady_ms();
  const std::optional<std::int64_t> images_before = std::exchange(images_, std::nullopt);
  try {
    const model::TableShape shape = source.describe(table_.request);
    const TrackedTable table = track(shape);
    const std::int64_t images = images_before ? *images_before : journal_.read()->images.count(table.row.id);
    Reading reading({source, shape, table_, table, journal_, clock_, stop, progress});
    watch_moves(reading);
    const std::int64_t looked_ms = clock_.wall_ms();
    Finding finding = look(reading);
    if (finding == Finding::part) finding = read_part(reading);
    if (finding == Finding::everything) read_all(reading, images);
    // Before a log's entries are given up: all that they named is journaled.
    reading.writer.settle_moves();
    images_ = images + reading.writer.growth();
    Position position{.snapshot = false};
    if (lookout_) position.mark = lookout_->settle(finding);
    if (!position.mark.empty()) {
      position.mode = table_.capture.mode;
      position.whole_ms = finding != Finding::everything ? table.position.whole_ms : table.position.after ? 0 : looked_ms;
    }
    reading.writer.finish(*images_, position);
    // A first snapshot that went on at its checkpoint did not see what changed before it: the next cycle reads all again.
    if (finding == Finding::everything && !table.position.after) whole_ms_ = started;
    count("datapicker_capture_readings_total", {{"table", table_.name}, {"rows", std::string(name_of(finding))}});
    tell_healed(reading);
    CycleResult result = reading.writer.result();
    result.duration_ms = clock_.steady_ms() - started;
    return result;
  } catch (Error& error) {
    images_.reset();
    // Checksums may be of rows that waited to be told as moved, and were not journaled.
    if (lookout_ && !table_.unchanged_identity.empty()) lookout_->distrust();
    error.with("table", table_.name);
    throw;
  }
}

void TableCapture::watch_moves(Reading& reading) const {
  // The first reading has nothing that a row could have moved from.
  if (reading.scope.table.position.snapshot) return;
  std::vector<std::size_t> columns;
  for (const std::string& name : table_.unchanged_identity) {
    const auto column = reading.scope.table.layout.find(name);
    if (!column) throw Error(ErrorCode::source_refused, "the table has no column " + name + ", which `unchanged_identity:` names", {{"column", name}});
    columns.push_back(*column);
  }
  reading.writer.watch_moves(std::move(columns));
}

/// With other columns nothing holds that was remembered to spare a reading.
TrackedTable TableCapture::track(const model::TableShape& shape) {
  TrackedTable table = track_table(journal_, clock_, table_.name, shape.layout);
  if (table.row.renewing && lookout_) lookout_->distrust();
  return table;
}

/// A log may turn out to be lost only while it is read: then all rows are read in the same cycle, and what its pages gave is read once more.
Finding TableCapture::read_part(Reading& reading) const {
  reading.writer.call_it(table_.capture.mode);
  try {
    lookout_->read_part(reading);
    return Finding::part;
  } catch (const model::LogLost&) {
    reading.writer.settle_moves();
    // What is found from here on has no origin that the log told, and what was read for it comes again: no doubled key.
    reading.writer.attribute({});
    reading.seen = PassBitmap();
    return Finding::everything;
  }
}

/// The lookout is asked even when all is read anyway: what it sees before that is where its next look begins.
Finding TableCapture::look(Reading& reading) const {
  if (!lookout_) return Finding::everything;
  reading.whole = reading.scope.table.row.renewing || whole_is_due(reading.scope.table.position);
  const Finding finding = lookout_->look(reading);
  return reading.whole ? Finding::everything : finding;
}

/// A checkpoint with a mark and no time says that all has to be read, as after a log that was given up. What another process last read is known by the
/// wall clock, and one that was set back makes it due: the last time cannot lie in the future.
bool TableCapture::whole_is_due(const Position& position) const {
  if (position.snapshot || (!position.mark.empty() && position.whole_ms == 0)) return true;
  if (whole_ms_) return clock_.steady_ms() - *whole_ms_ >= table_.capture.full_every_ms;
  const std::int64_t now = clock_.wall_ms();
  return now < position.whole_ms || now - position.whole_ms >= table_.capture.full_every_ms;
}

void TableCapture::read_all(Reading& reading, std::int64_t images) const {
  const TrackedTable& table = reading.scope.table;
  // The first reading, and one that follows other columns, have images to make.
  if (model::is_row_identity(table.layout) && !table.position.snapshot && !table.row.renewing) return KeylessPass(reading).run();
  lookout_ ? lookout_->read_all(reading) : Pass(reading).run();
  // A snapshot that went on at its checkpoint did not see the rows before it; the next pass sees all.
  if (reading.scope.table.position.snapshot || reading.seen.marked() >= images + reading.writer.growth()) return;
  const std::int64_t there = DeleteSearch(reading).run();
  if (there > 0) {
    log_event(LogLevel::warning, "capture.rows_overlooked", {{"table", table_.name}, {"rows", std::to_string(there)}});
  }
}

/// Deletes are what the reading of all rows is for; changes that the mode passed by are not. Said until a later one finds none.
void TableCapture::tell_healed(const Reading& reading) const {
  const Healed& healed = reading.writer.result().healed;
  if (healed.inserts + healed.updates > 0) {
    log_event(LogLevel::warning, "capture.drift",
              {{"table", table_.name}, {"mode", table_.capture.mode}, {"inserts", std::to_string(healed.inserts)}, {"updates", std::to_string(healed.updates)},
               {"deletes", std::to_string(healed.deletes)}});
  }
  if (lookout_ && !reading.whole) return;
  const std::string note = drift_note(healed, table_.capture.mode, clock_.wall_ms());
  if (note == reading.scope.table.row.state_reason) return;
  journal_.write([&](journal::Records& records) { records.tables.set_state(reading.scope.table.row.id, "watching", note); });
}

TrackedTable TableCapture::track_known(const model::TableShape& shape) {
  TrackedTable table = track(shape);
  if (!table.position.snapshot) return table;
  throw Error(ErrorCode::config_invalid, "the first read of table " + table_.name + " is not complete", {}, "wait for it: it reads every row");
}

SelectedRows TableCapture::read_again(model::Source& source, const Selection& selection, const StopSignal& stop,
                                      const Progress& progress) {
  images_.reset();  // counted anew by the next cycle
  if (lookout_) lookout_->distrust();
  model::TableShape shape = source.describe(table_.request);
  const TrackedTable table = track_known(shape);
  settings::TableDefinition chosen = table_;
  if (selection.keys.empty()) {
    chosen.request.query = selected(table_.request, selection.where);
    chosen.request.from.clear();
    shape.key_is_indexed = false;  // one statement: the condition is the index's business
  }
  Reading reading({source, shape, chosen, table, journal_, clock_, stop, progress});
  selection.keys.empty() ? Pass(reading).run() : read_keys(reading, suspects_of(selection));
  SelectedRows rows{reading.writer.result(), {}};
  for (std::int64_t after = 0;;) {
    const auto ordinals = journal_.read()->images.ordinals(table.row.id, after, 10'000);
    if (ordinals.empty()) return rows;
    for (const std::int64_t ordinal : ordinals) {
      if (reading.seen.contains(ordinal)) rows.ordinals.push_back(ordinal);
    }
    after = ordinals.back();
  }
}

ChunkRows TableCapture::read_chunk(model::Source& source, const KeyChunk& chunk, const StopSignal& stop) {
  const std::optional<std::int64_t> images_before = std::exchange(images_, std::nullopt);
  const model::TableShape shape = source.describe(table_.request);
  if (!shape.key_is_indexed) {
    throw Error(ErrorCode::config_invalid, "no index of table " + table_.name + " leads with its key: a range of it cannot be read alone", {},
                "choose the rows by --where");
  }
  const TrackedTable table = track_known(shape);
  const Progress nobody_asks;
  Reading reading({source, shape, table_, table, journal_, clock_, stop, nobody_asks});
  const auto seen = std::make_shared<OrdinalRuns>();
  reading.seen.record(seen);
  model::KeyRange range{chunk.after, chunk.up_to};
  ChunkRows rows;
  // Rows that are what their images say leave true what was remembered of them.
  const auto distrust_changed = [&] {
    const CycleResult& result = reading.writer.result();
    if (lookout_ && result.inserts + result.updates + result.deletes > 0) lookout_->distrust();
  };
  try {
    if (chunk.first && !chunk.after) {
      read_keys(reading, {{chunk.first->encoded, chunk.first->source_key}});
      range.after = chunk.first->source_key;
    }
    rows.last = Pass(reading).read_chunk(range, chunk.rows);
  } catch (const Error&) {
    distrust_changed();
    throw;
  }
  distrust_changed();
  reading.seen.record(nullptr);
  seen->for_each([&rows](std::int64_t ordinal) { rows.ordinals.push_back(ordinal); });
  rows.result = reading.writer.result();
  if (images_before) images_ = *images_before + reading.writer.growth();
  return rows;
}

}  // namespace engine::capture
