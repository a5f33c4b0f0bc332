#include "engine/capture/tail/tail_lookout.h"

#include <utility>

#include <boost/json.hpp>

#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/capture/reading/key_reading.h"
#include "engine/capture/reading/pass.h"
#include "engine/capture/reading/view.h"
#include "engine/model/key.h"

namespace engine::capture {

namespace json = boost::json;

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

std::int64_t changes_of(const Reading& reading) {
  const CycleResult& result = reading.writer.result();
  return result.inserts + result.updates + result.deletes;
}

std::string mark_of(const settings::TableDefinition& table) { return json::serialize(json::object{{"log", log_title(table)}}); }

}  // namespace

Finding TailLookout::look(Reading& reading) {
  const CycleScope& scope = reading.scope;
  reading_ = &reading;
  trusted_ = false;
  streamed_ = 0;
  streams_ = scope.table.position.snapshot;
  log_ = open_log(scope);
  if (!log_) return Finding::everything;
  check_the_log(scope);
  log_->refresh(false);
  const Position& position = scope.table.position;
  // An entry that wants all rows read is served by a snapshot that begins now, not by one that goes on.
  if (position.snapshot && position.after) return Finding::everything;
  const bool any = log_->has_entries();
  const model::ChangeLog::Backlog backlog = any ? log_->backlog() : model::ChangeLog::Backlog{};
  // An entry that wants all rows read stays until they were: no entry is deleted before that, unless a checkpoint says how far a snapshot has come.
  if (!backlog.names_all_rows) streams_ = true;
  // What another mode or log left behind says nothing about this one.
  if (position.snapshot || position.mode != scope.definition.capture.mode || position.mark != mark_of(scope.definition)) return Finding::everything;
  gauge("datapicker_change_log_entries", {{"table", scope.definition.name}}, static_cast<double>(backlog.entries));
  if (backlog.entries > scope.definition.capture.log_rows_max) return after_giving_up(reading, backlog.entries);
  if (backlog.names_all_rows) return Finding::everything;
  trusted_ = true;
  return any ? Finding::part : Finding::nothing;
}

std::unique_ptr<model::ChangeLog> TailLookout::open_log(const CycleScope& scope) {
  const settings::CaptureDefinition& capture = scope.definition.capture;
  const model::LogName name{capture.log, scope.definition.name, capture.by, capture.sharing, capture.overlap_ms};
  if (capture.by == "triggers") return scope.source.change_log(scope.definition.request, scope.shape, name);
  auto feed = scope.source.change_feed(scope.definition.request, scope.shape, name);
  return feed ? std::make_unique<FedLog>(std::move(feed), scope, *turns_, seen_) : nullptr;
}

/// Triggers may be dropped or disabled under us, and a log that stays empty looks like a quiet table. A slot that is gone shows by itself.
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

/// Changes stream on between the chunks. Each row they name is read after the chunk was, and before the next is: the newer state always comes last.
void TailLookout::read_all(Reading& reading) {
  const CycleScope& scope = reading.scope;
  if (!log_ || !streams_ || !scope.shape.key_is_indexed) return Lookout::read_all(reading);
  Pass pass(reading);
  model::KeyRange rest{.after = scope.table.position.after, .up_to = std::nullopt};
  while (auto last = pass.read_chunk(rest, scope.definition.capture.chunk_rows)) {
    rest.after = std::move(last);
    read_news(reading);
  }
}

void TailLookout::read_news(Reading& reading) {
  log_->refresh(false);
  if (!log_->has_entries()) return;
  const std::int64_t before = changes_of(reading);
  read_part(reading);
  // What the next chunk finds has no origin of its own.
  reading.writer.attribute({});
  log_->forget();
  streamed_ += changes_of(reading) - before;
}

void TailLookout::read_part(Reading& reading) {
  log_->rewind();
  const View view(reading.scope.source);
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
  log_.reset();
  return mark_of(std::exchange(reading_, nullptr)->scope.definition);
}

/// What a full reading found although the log was trusted. Rows that changed while it read have their entries by now.
void TailLookout::report_healed() {
  log_->refresh(true);
  const std::int64_t healed = changes_of(*reading_) - streamed_ - log_->backlog().entries;
  if (healed <= 0) return;
  const std::string& table = reading_->scope.definition.name;
  count("datapicker_capture_healed_rows_total", {{"table", table}, {"operation", "any"}}, static_cast<double>(healed));
  log_event(LogLevel::warning, "capture.drift", {{"table", table}, {"mode", "tail"}, {"rows", std::to_string(healed)}});
}

}  // namespace engine::capture
