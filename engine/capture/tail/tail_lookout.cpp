#include "engine/capture/tail/tail_lookout.h"

#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/capture/reading/key_reading.h"
#include "engine/capture/reading/view.h"
#include "engine/model/key.h"

namespace engine::capture {

namespace {

constexpr std::int64_t check_every_ms = 60'000;

/// The encoded key of a row of which only the key is known.
std::string encoded(const model::Layout& layout, const std::vector<std::string>& cells, model::RowBatch& row) {
  row.begin(layout.columns.size());
  for (std::size_t column = 0; column < layout.columns.size(); ++column) {
    std::size_t part = 0;
    while (part < layout.key.size() && layout.key[part] != column) ++part;
    part < layout.key.size() ? row.append(cells[part]) : row.append_null();
  }
  row.end_row();
  std::string key;
  model::encode_key(layout, row.row(0), key);
  return key;
}

}  // namespace

Finding TailLookout::look(Reading& reading) {
  const CycleScope& scope = reading.scope;
  reading_ = &reading;
  trusted_ = false;
  log_ = scope.source.change_log(scope.definition.request, scope.shape, {scope.definition.capture.log, scope.definition.name});
  if (!log_) return Finding::everything;
  check_the_log(scope);
  if (scope.table.position.snapshot) {
    // An entry that wants all rows read is served by a snapshot that begins now, not by one that goes on.
    if (!scope.table.position.after) log_->backlog();
    return Finding::everything;
  }
  // What another mode left behind says nothing about the log.
  if (scope.table.position.mode != scope.definition.capture.mode) return Finding::everything;
  const bool any = log_->has_entries();
  const model::ChangeLog::Backlog backlog = any ? log_->backlog() : model::ChangeLog::Backlog{};
  gauge("datapicker_change_log_entries", {{"table", scope.definition.name}}, static_cast<double>(backlog.entries));
  if (backlog.entries > scope.definition.capture.log_rows_max) return after_giving_up(reading, backlog.entries);
  if (backlog.names_all_rows) return Finding::everything;
  trusted_ = true;
  return any ? Finding::part : Finding::nothing;
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
  log_->rewind();
  std::vector<model::LoggedChange> page;
  while (log_->next_page(page)) {
    stop_if_asked(reading.scope.stop);
    read_page(reading, page);
  }
}

void TailLookout::read_page(Reading& reading, const std::vector<model::LoggedChange>& page) {
  Provenances provenances;
  std::vector<Recheck::Suspect> suspects;
  model::RowBatch row;
  for (const model::LoggedChange& entry : page) {
    std::string key = encoded(reading.scope.shape.layout, entry.cells, row);
    // The last entry tells who made the row what it is now.
    if (provenances.insert_or_assign(key, entry.provenance).second) suspects.push_back({std::move(key), entry.key});
  }
  if (suspects.empty()) return;
  reading.writer.attribute(std::move(provenances));
  reading.writer.rows_read(static_cast<std::int64_t>(suspects.size()));
  read_keys(reading, std::move(suspects));
}

std::string TailLookout::settle(Finding read) {
  if (!log_) return {};
  log_->forget();
  if (read == Finding::everything && trusted_) report_healed();
  reading_ = nullptr;
  return "{}";
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
