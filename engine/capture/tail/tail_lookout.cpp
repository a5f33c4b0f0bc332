#include "engine/capture/tail/tail_lookout.h"

#include <algorithm>
#include <boost/json.hpp>
#include <unordered_set>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/capture/reading/key_reading.h"
#include "engine/capture/reading/pass.h"
#include "engine/capture/reading/view.h"
#include "engine/capture/tail/place_map.h"
#include "engine/model/kept_json.h"

namespace engine::capture {

namespace json = boost::json;

namespace {

constexpr std::int64_t check_every_ms = 60'000;
constexpr std::int64_t mark_every_ms = 60'000;
/// So often a cycle goes on because rows were ahead of their log. A table of which rows change without a pause would keep it for ever.
constexpr int again_max = 20;

std::int64_t changes_of(const Reading& reading) {
  const CycleResult& result = reading.writer.result();
  return result.inserts + result.updates + result.deletes;
}

/// {"log":"triggers change_log"}, with the log's own mark under "at" where it has one.
std::string position_mark(const settings::TableDefinition& table, const std::string& at) {
  json::object mark{{"log", log_title(table)}};
  if (!at.empty() && at != "{}") mark["at"] = json::parse(at);
  return json::serialize(mark);
}

/// What stands in the checkpoint of this log, empty where it has no mark of its own. Nullopt: another mode or log left it, which says nothing about this one.
std::optional<std::string> known_mark(const CycleScope& scope) {
  const Position& position = scope.table.position;
  if (position.snapshot || position.mode != scope.definition.capture.mode || position.mark.empty()) return std::nullopt;
  return model::read_kept(position.mark, "a place in a log", [&](const json::value& parsed) -> std::optional<std::string> {
    const json::object& mark = parsed.as_object();
    const json::value* log = mark.if_contains("log");
    if (log == nullptr || log->as_string() != log_title(scope.definition)) return std::nullopt;
    const json::value* at = mark.if_contains("at");
    return at == nullptr ? std::string() : json::serialize(*at);
  });
}

}  // namespace

Finding TailLookout::look(Reading& reading) {
  const CycleScope& scope = reading.scope;
  reading_ = &reading;
  trusted_ = false;
  streamed_ = known_ = 0;
  ties_.clear();
  forgotten_ = false;
  streams_ = scope.table.position.snapshot;
  log_ = open_log(scope);
  if (!log_) return Finding::everything;
  const std::optional<std::string> known = known_mark(scope);
  if (mark_.empty() && known) mark_ = *known;
  log_->resume(known ? mark_ : std::string());
  check_the_log(scope);
  try {
    return look_at_log(reading, known.has_value());
  } catch (const model::LogLost& lost) {
    return after_loss(scope, lost);
  }
}

std::unique_ptr<model::ChangeLog> TailLookout::open_log(const CycleScope& scope) {
  const settings::CaptureDefinition& capture = scope.definition.capture;
  const model::LogName name{capture.log, scope.definition.name, capture.by, capture.sharing, capture.overlap_ms};
  if (!capture.is_fed()) return scope.source.change_log(scope.definition.request, scope.shape, name);
  auto feed = scope.source.change_feed(scope.definition.request, scope.shape, name);
  return feed ? std::make_unique<FedLog>(std::move(feed), scope, *turns_, seen_) : nullptr;
}

Finding TailLookout::look_at_log(Reading& reading, bool is_known) {
  const CycleScope& scope = reading.scope;
  log_->refresh(false);
  if (!is_known) {
    // An entry that wants all rows read is served by a snapshot that begins now, not by one that goes on.
    if (!scope.table.position.after && !log_->backlog().names_all_rows) streams_ = true;
    return Finding::everything;
  }
  const bool any = log_->has_entries();
  const model::ChangeLog::Backlog backlog = any ? log_->backlog() : model::ChangeLog::Backlog{};
  // An entry that wants all rows read stays until they were: no entry is deleted before that, unless a checkpoint says how far a snapshot has come.
  if (!backlog.names_all_rows) streams_ = true;
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

void TailLookout::read_part(Reading& reading) { read_guarded(reading, reading.scope.definition.capture.ties_transactions); }

void TailLookout::read_guarded(Reading& reading, bool whole_transactions) {
  // A transaction may have changed rows that are named for a later one only.
  if (whole_transactions && !log_->names_each_change()) reading.writer.tie({}, {});
  try {
    const bool same_moment = read_entries(reading);
    if (whole_transactions && !same_moment) catch_up(reading);
  } catch (const model::LogLost& lost) {
    trusted_ = false;
    after_loss(reading.scope, lost);
    throw;
  }
}

/// What a killed cycle read and forgot on its way here may belong to any transaction of it.
void TailLookout::catch_up(Reading& reading) {
  if (reading.scope.table.open_cycle) reading.writer.tie({}, {});
  for (int again = 0; again < again_max && rows_are_ahead(reading); ++again) read_entries(reading);
}

/// The log goes to its first page before the view opens: what comes later may be newer than the rows that the view shows. True: entries and rows were read as of
/// one moment.
bool TailLookout::read_entries(Reading& reading) {
  log_->rewind();
  const View view(reading.scope.source);
  std::vector<model::LoggedChange> page;
  while (log_->next_page(page)) {
    stop_if_asked(reading.scope.stop);
    read_page(reading, page);
  }
  return view.is_open() && !reading.scope.definition.capture.is_fed();
}

/// Rows that were read after their log may show a transaction that it did not name yet: then it names one of them now, and the transaction's other rows belong to the
/// same cycle. What it names now stays for the next look unless it is read.
bool TailLookout::rows_are_ahead(Reading& reading) {
  reading.writer.settle_moves();
  forget();
  forgotten_ = true;
  log_->refresh(true);
  if (!log_->has_entries()) return false;
  log_->rewind();
  model::RowBatch row;
  std::vector<model::LoggedChange> page;
  while (log_->next_page(page)) {
    for (const model::LoggedChange& entry : page) {
      // Which row stands at a place is known once it is read.
      const bool is_ahead = entry.place || (!entry.cells.empty() && ties_.has_read(encoded_key(reading.scope.shape.layout, entry.cells, row)));
      if (!is_ahead) continue;
      forgotten_ = false;
      return true;
    }
  }
  return false;
}

/// What was read and is journaled.
void TailLookout::forget() {
  if (!std::exchange(forgotten_, false)) mark_ = log_->forget();
}

void TailLookout::read_page(Reading& reading, const std::vector<model::LoggedChange>& page) {
  Provenances provenances;
  std::vector<Recheck::Suspect> suspects;
  std::unordered_set<std::string> repeated;
  model::RowBatch row;
  const PlaceMap places(reading);
  const bool ties = reading.scope.definition.capture.ties_transactions;
  // The last entry tells who made the row what it is now.
  const auto suspect = [&](std::string key, const model::Provenance& provenance, const auto& source_key) {
    if (const auto tie = ties ? ties_.note(key, provenance.transaction) : std::nullopt) reading.writer.tie(tie->first, tie->second);
    if (provenances.insert_or_assign(key, provenance).second) {
      suspects.push_back({std::move(key), source_key()});
    } else {
      repeated.insert(std::move(key));
    }
  };
  for (const model::LoggedChange& entry : page) {
    if (const auto image = entry.place ? places.image_at(entry) : std::nullopt) {
      suspect(image->key, entry.provenance, [&] { return source_key_of(reading.scope.table.layout, *image, row); });
    }
    if (entry.cells.empty()) continue;
    suspect(encoded_key(reading.scope.shape.layout, entry.cells, row), entry.provenance, [&] { return entry.key; });
  }
  repeated_ += static_cast<std::int64_t>(repeated.size());
  if (!suspects.empty()) {
    reading.writer.attribute(std::move(provenances));
    reading.writer.rows_read(static_cast<std::int64_t>(suspects.size()));
    read_keys(reading, std::move(suspects));
  }
  if (log_->knows_places()) places.remember(page);
}

/// Changes stream on between the chunks. Each row they name is read after the chunk was, and before the next is: the newer state always comes last.
void TailLookout::read_all(Reading& reading) {
  const CycleScope& scope = reading.scope;
  if (log_ && log_->knows_places()) PlaceMap(reading).fill(*log_);
  if (!log_ || !log_->keeps_entries() || !streams_ || !scope.shape.key_is_indexed) return Lookout::read_all(reading);
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
  reading.writer.settle_moves();
  const std::int64_t changes_before = changes_of(reading);
  const std::int64_t rows_before = reading.writer.result().rows_read;
  repeated_ = 0;
  // What is seen here is not of the pass, which comes to the rows before it by itself; those behind it that are new are read by key at its end.
  PassBitmap of_pass = std::exchange(reading.seen, PassBitmap());
  read_guarded(reading, false);
  reading.writer.settle_moves();
  reading.seen = std::move(of_pass);
  // What the next chunk finds has no origin of its own.
  reading.writer.attribute({});
  log_->forget();
  const std::int64_t changes = changes_of(reading) - changes_before;
  streamed_ += changes;
  // Where two entries named one row, the reading may have come to it after the first, and what was read now is what the second told of.
  const std::int64_t named = reading.writer.result().rows_read - rows_before + repeated_;
  known_ += std::max<std::int64_t>(0, named - changes);
}

std::string TailLookout::settle(Finding read) {
  if (!log_) return {};
  forget();
  if (read == Finding::everything && trusted_) report_healed();
  log_.reset();
  const CycleScope& scope = std::exchange(reading_, nullptr)->scope;
  const std::string mark = position_mark(scope.definition, mark_);
  // A log moves with every transaction of its database: not each of them is worth a write here, and an older mark only means to read twice.
  const std::int64_t now = scope.clock.steady_ms();
  if (read == Finding::nothing && now - marked_ms_ < mark_every_ms) return scope.table.position.mark;
  marked_ms_ = now;
  return mark;
}

/// What a full reading found although the log was trusted. Rows that changed before it came to them and while it read have had their
/// entries, or have them by now.
void TailLookout::report_healed() {
  log_->refresh(true);
  const std::int64_t healed = changes_of(*reading_) - streamed_ - known_ - log_->backlog().entries;
  if (healed <= 0) return;
  const std::string& table = reading_->scope.definition.name;
  count("datapicker_capture_healed_rows_total", {{"table", table}, {"operation", "any"}}, static_cast<double>(healed));
  log_event(LogLevel::warning, "capture.drift", {{"table", table}, {"mode", "tail"}, {"rows", std::to_string(healed)}});
}

}  // namespace engine::capture
