#include "engine/capture/tail/tail_lookout.h"

#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/capture/reading/key_reading.h"
#include "engine/capture/reading/view.h"
#include "engine/capture/tail/place_map.h"

namespace engine::capture {

namespace {

constexpr std::int64_t check_every_ms = 60'000;
constexpr std::int64_t mark_every_ms = 60'000;

}  // namespace

Finding TailLookout::look(Reading& reading) {
  const CycleScope& scope = reading.scope;
  reading_ = &reading;
  trusted_ = false;
  log_ = scope.source.change_log(scope.definition.request, scope.shape, {scope.definition.capture.log, scope.definition.name});
  if (!log_) return Finding::everything;
  // What another mode left behind says nothing about the log.
  const Position& position = scope.table.position;
  if (mark_.empty() && !position.snapshot && position.mode == scope.definition.capture.mode) mark_ = position.mark;
  log_->resume(position.snapshot ? std::string() : mark_);
  check_the_log(scope);
  try {
    return look_at_log(reading);
  } catch (const model::LogLost& lost) {
    return after_loss(scope, lost);
  }
}

Finding TailLookout::look_at_log(Reading& reading) {
  const CycleScope& scope = reading.scope;
  if (scope.table.position.snapshot) {
    // An entry that wants all rows read is served by a snapshot that begins now, not by one that goes on.
    if (!scope.table.position.after) log_->backlog();
    return Finding::everything;
  }
  if (lost_ || scope.table.position.mode != scope.definition.capture.mode) return Finding::everything;
  const bool any = log_->has_entries();
  const model::ChangeLog::Backlog backlog = any ? log_->backlog() : model::ChangeLog::Backlog{};
  gauge("datapicker_change_log_entries", {{"table", scope.definition.name}}, static_cast<double>(backlog.entries));
  if (backlog.entries > scope.definition.capture.log_rows_max) return after_giving_up(reading, backlog.entries);
  if (backlog.names_all_rows) return Finding::everything;
  trusted_ = true;
  return any ? Finding::part : Finding::nothing;
}

Finding TailLookout::after_loss(const CycleScope& scope, const Error& lost) const {
  count("datapicker_capture_log_losses_total", {{"table", scope.definition.name}});
  log_event(LogLevel::warning, "capture.log_lost",
            {{"table", scope.definition.name}, {"message", lost.what()}, {"hint", "all rows are read instead: nothing is missing, only who changed them and when"}});
  return Finding::everything;
}

/// Triggers may be dropped or disabled under us, and a log that stays empty looks like a quiet table.
void TailLookout::check_the_log(const CycleScope& scope) {
  const std::int64_t now = scope.clock.steady_ms();
  if (checked_ms_ != 0 && now - checked_ms_ < check_every_ms) return;
  checked_ms_ = 0;
  log_->require_installed();
  checked_ms_ = now;
}

/// The checkpoint first: a kill between the two would otherwise lose what the entries named.
Finding TailLookout::after_giving_up(Reading& reading, std::int64_t entries) {
  const CycleScope& scope = reading.scope;
  scope.journal.write([&](journal::Records& records) {
    Position position = scope.table.position;
    position.whole_ms = 0;
    records.tables.save_checkpoint(scope.table.row.id, position_text(position), scope.clock.wall_ms());
  });
  log_->give_up();
  log_event(LogLevel::warning, "capture.change_log_given_up",
            {{"table", scope.definition.name}, {"entries", std::to_string(entries)},
             {"log_rows_max", std::to_string(scope.definition.capture.log_rows_max)}});
  return Finding::everything;
}

void TailLookout::read_part(Reading& reading) {
  const View view(reading.scope.source);
  try {
    log_->rewind();
    std::vector<model::LoggedChange> page;
    while (log_->next_page(page)) {
      stop_if_asked(reading.scope.stop);
      read_page(reading, page);
    }
  } catch (const model::LogLost& lost) {
    // The cycle fails, and the next one reads all rows.
    lost_ = true;
    after_loss(reading.scope, lost);
    throw;
  }
}

void TailLookout::read_page(Reading& reading, const std::vector<model::LoggedChange>& page) {
  Provenances provenances;
  std::vector<Recheck::Suspect> suspects;
  model::RowBatch row;
  const PlaceMap places(reading);
  // The last entry tells who made the row what it is now.
  const auto suspect = [&](std::string key, const model::Provenance& provenance, const auto& source_key) {
    if (provenances.insert_or_assign(key, provenance).second) suspects.push_back({std::move(key), source_key()});
  };
  for (const model::LoggedChange& entry : page) {
    if (const auto image = entry.place ? places.image_at(entry) : std::nullopt) {
      suspect(image->key, entry.provenance, [&] { return source_key_of(reading.scope.table.layout, *image, row); });
    }
    if (entry.cells.empty()) continue;
    suspect(encoded_key(reading.scope.shape.layout, entry.cells, row), entry.provenance, [&] { return entry.key; });
  }
  if (!suspects.empty()) {
    reading.writer.attribute(std::move(provenances));
    reading.writer.rows_read(static_cast<std::int64_t>(suspects.size()));
    read_keys(reading, std::move(suspects));
  }
  if (log_->knows_places()) places.remember(page);
}

void TailLookout::read_all(Reading& reading) {
  if (log_ && log_->knows_places()) PlaceMap(reading).fill(*log_);
  Lookout::read_all(reading);
}

std::string TailLookout::settle(Finding read) {
  if (!log_) return {};
  mark_ = log_->forget();
  if (read == Finding::everything) lost_ = false;
  if (read == Finding::everything && trusted_) report_healed();
  const CycleScope& scope = reading_->scope;
  reading_ = nullptr;
  // A log moves with every transaction of its database: not each of them is worth a write here, and an older mark only means to read twice.
  const std::int64_t now = scope.clock.steady_ms();
  if (read == Finding::nothing && !scope.table.position.mark.empty() && now - marked_ms_ < mark_every_ms) return scope.table.position.mark;
  marked_ms_ = now;
  return mark_;
}

/// What a full reading found although the log was trusted. Rows that changed while it read have their entries by now.
void TailLookout::report_healed() {
  const CycleResult& result = reading_->writer.result();
  const std::int64_t healed = result.inserts + result.updates + result.deletes - log_->backlog().entries;
  if (healed <= 0) return;
  const std::string& table = reading_->scope.definition.name;
  count("datapicker_capture_healed_rows_total", {{"table", table}, {"operation", "any"}}, static_cast<double>(healed));
  log_event(LogLevel::warning, "capture.drift", {{"table", table}, {"mode", "tail"}, {"rows", std::to_string(healed)}});
}

}  // namespace engine::capture
