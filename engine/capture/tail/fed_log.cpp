#include "engine/capture/tail/fed_log.h"

#include <iterator>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/metrics.h"

namespace engine::capture {

namespace {

constexpr std::size_t page_entries = 1'000;
/// A server's log moves on without our tables, too: that alone is journaled, and confirmed, only so often.
constexpr std::int64_t save_every_ms = 5'000;

std::set<std::string> words_of(const std::string& text) {
  std::istringstream words(text);
  return {std::istream_iterator<std::string>(words), {}};
}

}  // namespace

std::string log_title(const settings::TableDefinition& table) {
  return table.capture.by + " " + (table.capture.log.empty() ? table.name : table.capture.log);
}

FedLog::FedLog(std::unique_ptr<model::ChangeFeed> feed, const CycleScope& scope, FeedTurns& turns, Seen& seen)
    : feed_(std::move(feed)),
      definition_(scope.definition),
      journal_(scope.journal),
      clock_(scope.clock),
      table_id_(scope.table.row.id),
      log_(log_title(scope.definition)),
      turn_(turns.of(log_)),
      seen_(seen) {}

void FedLog::refresh(bool at_once) {
  const std::lock_guard lock(turn_.mutex);
  // The first look reads in any case: only then is the table one of those that the log is read for.
  if (at_once || !seen_ || *seen_ == turn_.readings) {
    take_in(turn_);
    ++turn_.readings;
  }
  seen_ = turn_.readings;
}

void FedLog::take_in(FeedTurns::Turn& turn) {
  const auto known = journal_.read()->feeds.find(definition_.connection, log_);
  journal::ChangeFeed feed = known.value_or(journal::ChangeFeed{});
  const auto standing = feed_->standing(feed.position);
  tell(standing);
  if (!standing.lost.empty()) {
    if (!known) refuse_to_begin(standing.lost);
    begin_anew(feed, standing.lost);
  } else if (definition_.capture.by == "slot" && standing.retained_bytes > definition_.capture.log_bytes_max) {
    begin_anew(feed, "the server keeps " + std::to_string(standing.retained_bytes) + " bytes for it, more than log_bytes_max");
  }
  const std::vector<Member> all = members();
  register_members(all, feed);
  const std::string before = feed.position;
  feed_->read(feed.position, [&](const model::ChangeFeed::Batch& batch) { keep(batch, all, feed, turn); });
  if (feed.position != before) feed_->confirm(feed.position);
}

/// One that never was is made by a person.
void FedLog::refuse_to_begin(const std::string& reason) const {
  throw Error(ErrorCode::source_refused, "the log '" + log_ + "' cannot be read: " + reason, {{"log", log_}},
              "run: datapicker change-log install " + definition_.connection);
}

void FedLog::tell(const model::ChangeFeed::Standing& standing) const {
  if (definition_.capture.by != "slot") return;
  const MetricLabels labels{{"connection", definition_.connection}, {"slot", definition_.capture.log}};
  gauge("datapicker_slot_retained_bytes", labels, static_cast<double>(standing.retained_bytes));
  gauge("datapicker_slot_behind_bytes", labels, static_cast<double>(standing.behind_bytes));
}

/// Journaled before it is made: a kill in between finds the wish to read all rows.
void FedLog::begin_anew(journal::ChangeFeed& feed, const std::string& reason) {
  feed.position.clear();
  journal_.write([&](journal::Records& records) {
    for (const std::string& member : words_of(feed.tables)) want_all_rows(records, std::stoll(member));
    records.feeds.save(definition_.connection, log_, feed);
  });
  feed_->begin_anew();
  count("datapicker_change_log_lost_total", {{"connection", definition_.connection}, {"log", log_}});
  log_event(LogLevel::warning, "capture.change_log_lost",
            {{"connection", definition_.connection}, {"log", log_}, {"reason", reason}, {"follows", "it was made anew, and all rows of its tables are read"}});
}

/// A wish that waits already may be the one that a reading under way serves, which came past some rows before this: it gives way to one that outlives
/// that reading, behind the last id that its look saw.
void FedLog::want_all_rows(journal::Records& records, std::int64_t table_id) const {
  records.feeds.erase_without_key(table_id, records.feeds.waiting(table_id).last_id);
  records.feeds.add({.table_id = table_id});
}

std::vector<FedLog::Member> FedLog::members() {
  const std::vector<std::string> identities = feed_->identities();
  ENGINE_ASSERT(identities.size() == definition_.capture.sharing.size());
  std::vector<Member> members;
  auto lease = journal_.read();
  for (std::size_t i = 0; i < identities.size(); ++i) {
    const auto table = lease->tables.find(definition_.capture.sharing[i].name);
    members.push_back({table ? std::optional(table->id) : std::nullopt, identities[i]});
  }
  return members;
}

void FedLog::register_members(const std::vector<Member>& members, journal::ChangeFeed& feed) {
  std::string tables;
  for (const Member& member : members) {
    if (member.table_id && !member.identity.empty()) tables += (tables.empty() ? "" : " ") + std::to_string(*member.table_id) + ":" + member.identity;
  }
  if (tables == feed.tables) return;
  const std::set<std::string> before = words_of(feed.tables);
  feed.tables = tables;
  journal_.write([&](journal::Records& records) {
    for (const std::string& member : words_of(tables)) {
      if (!before.contains(member)) want_all_rows(records, std::stoll(member));
    }
    records.feeds.save(definition_.connection, log_, feed);
  });
}

void FedLog::keep(const model::ChangeFeed::Batch& batch, const std::vector<Member>& members, journal::ChangeFeed& feed, FeedTurns::Turn& turn) {
  const std::int64_t now = clock_.steady_ms();
  const bool is_due = feed.position.empty() || turn.saved_ms == 0 || now - turn.saved_ms >= save_every_ms;
  if (batch.news.empty() && (!is_due || batch.position == feed.position)) return;
  journal::ChangeFeed further{batch.position, feed.tables};
  journal_.write([&](journal::Records& records) {
    for (const model::ChangeFeed::News& news : batch.news) {
      const auto table_id = members.at(news.table).table_id;
      if (!table_id) continue;
      if (!news.key) {
        want_all_rows(records, *table_id);
        continue;
      }
      const model::Provenance& from = news.provenance;
      records.feeds.add({.table_id = *table_id, .key = news.key, .transaction = from.transaction, .time_ms = from.time_ms, .user = from.user});
    }
    records.feeds.save(definition_.connection, log_, further);
  });
  feed = std::move(further);
  turn.saved_ms = now;
}

model::ChangeLog::Backlog FedLog::backlog() {
  const auto waits = waiting();
  const bool all = waits.changes > waits.with_key;
  if (all) keyless_up_to_ = waits.last_id;
  return {waits.changes, all};
}

/// What another table's turn brings from here on may be newer than the rows that a view shows.
void FedLog::rewind() {
  last_id_ = 0;
  pages_end_ = waiting().last_id;
}

bool FedLog::next_page(std::vector<model::LoggedChange>& into) {
  into.clear();
  const auto page = journal_.read()->feeds.page(table_id_, last_id_, page_entries);
  for (const journal::FedChange& change : page) {
    if (change.id > pages_end_) break;
    into.push_back(feed_->change_of(*change.key, {change.transaction, change.time_ms, change.user}));
    last_id_ = change.id;
  }
  return !into.empty();
}

std::string FedLog::forget() {
  if (last_id_ == 0 && keyless_up_to_ == 0) return "{}";
  journal_.write([this](journal::Records& records) {
    records.feeds.erase(table_id_, last_id_);
    records.feeds.erase_without_key(table_id_, keyless_up_to_);
  });
  last_id_ = keyless_up_to_ = 0;
  return "{}";
}

void FedLog::give_up() {
  const std::int64_t last = waiting().last_id;
  journal_.write([&](journal::Records& records) {
    records.feeds.erase(table_id_, last);
    records.feeds.erase_without_key(table_id_, last);
  });
}

}  // namespace engine::capture
