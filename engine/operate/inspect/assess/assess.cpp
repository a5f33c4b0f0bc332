#include "engine/operate/inspect/assess/assess.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <mutex>
#include <tuple>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/base/text/durations.h"
#include "engine/base/whole_file.h"
#include "engine/operate/inspect/assess/choose_tables.h"
#include "engine/operate/inspect/assess/report.h"
#include "engine/operate/inspect/assess/summary.h"
#include "engine/operate/inspect/assess/tally.h"
#include "engine/operate/instance_access.h"
#include "engine/pipeline/capture_scheduler.h"

namespace engine::operate {

namespace {

constexpr std::int64_t look_ms = 500, note_ms = 10'000, page_ms = minute_ms;
constexpr std::size_t changes_a_page = 5'000, images_sampled = 1'000;

std::int64_t zone_ahead_ms(std::int64_t at_ms) {
  const std::time_t seconds = at_ms / 1'000;
  std::tm local{};
  localtime_r(&seconds, &local);
  return local.tm_gmtoff * 1'000;
}

std::string time_text(std::int64_t ms) { return fmt::format("{}:{:02}:{:02}", ms / hour_ms, ms % hour_ms / minute_ms, ms % minute_ms / second_ms); }

/// The engine's own capture over a journal of its own, without pipelines and targets; what comes in is counted and written up.
class Watch {
 public:
  Watch(const settings::Instance& instance, const settings::SourceConnection& connection, const AssessOptions& options, WatchPlan plan)
      : connection_(connection), options_(options), plan_(std::move(plan)), journal_(journal::Journal::open({.path = options.folder / "journal.db"})) {
    const std::int64_t now = clock_.wall_ms();
    begin_ms_ = plan_.stretches.empty() ? now : plan_.stretches.front().begin_ms;
    plan_.stretches.push_back({now, now});
    write_plan(options.folder, plan_);
    std::vector<settings::TableDefinition> definitions;
    for (const WatchedTable& table : plan_.tables) {
      definitions.push_back(definition_of(table, connection.name));
      tallies_.emplace(table.name, TableTally(table.user_column, zone_ahead_ms(now)));
    }
    const auto make = [this, &dialect = instance.dialects.at(connection.dialect)] { return connectors::catalog::make_source(connection_, dialect); };
    const auto fatal = [this](std::exception_ptr problem) {
      const std::lock_guard lock(fatal_mutex_);
      fatal_ = problem;
    };
    scheduler_ = std::make_unique<pipeline::CaptureScheduler>(connection_, std::move(definitions), *journal_, clock_, make, fatal);
  }

  Assessment run(const StopSignal& stop) {
    scheduler_->start();
    std::int64_t shown = clock_.steady_ms();
    while (!stop.requested() && plan_.watched_ms() < options_.for_ms) {
      stop.wait_for(std::min(look_ms, std::max<std::int64_t>(1, options_.for_ms - plan_.watched_ms())));
      note_time();
      count_changes(false);
      rethrow_fatal();
      tell();
      const std::int64_t now = clock_.steady_ms();
      if (!noted_ms_ || now - *noted_ms_ >= note_ms) {
        write_plan(options_.folder, plan_);
        noted_ms_ = now;
      }
      if (now - shown < page_ms) continue;
      write_up();
      shown = now;
    }
    scheduler_->stop();
    note_time();
    count_changes(true);
    write_plan(options_.folder, plan_);
    options_.progress("");
    return write_up();
  }

 private:
  void rethrow_fatal() {
    const std::lock_guard lock(fatal_mutex_);
    if (fatal_) std::rethrow_exception(fatal_);
  }

  /// A table is watched from the end of its first complete cycle: what that one finds was made before.
  void note_time() {
    const std::int64_t now = clock_.wall_ms();
    plan_.stretches.back().end_ms = std::max(plan_.stretches.back().end_ms, now);
    status_ = scheduler_->status();
    for (const pipeline::TableLive& live : status_) {
      WatchedTable& table = *std::find_if(plan_.tables.begin(), plan_.tables.end(), [&live](const WatchedTable& each) { return each.name == live.name; });
      std::int64_t& last = last_cycles_[live.name];
      if (live.last_cycle_ms == 0) continue;
      if (last == 0) {
        table.stretches.push_back({live.last_cycle_ms, now});
        noted_ms_.reset();
      }
      table.stretches.back().end_ms = std::max(table.stretches.back().end_ms, now);
      if (live.last_cycle_ms == last) continue;
      last = live.last_cycle_ms;
      ++table.cycles;
      table.busy_ms += live.last_cycle_took_ms;
    }
  }

  /// Before a table's first cycle of this process is complete, nobody can say which of its changes were made while nobody watched.
  void count_changes(bool at_end) {
    std::map<std::int64_t, const WatchedTable*> by_id;
    for (const WatchedTable& table : plan_.tables) {
      const auto row = journal_->read()->tables.find(table.name);
      if (row) by_id.emplace(row->id, &table);
    }
    while (true) {
      const std::vector<model::Change> changes = journal_->read()->changes.page(counted_to_, changes_a_page, false);
      for (const model::Change& change : changes) {
        const WatchedTable& table = *by_id.at(change.table_id);
        const bool is_first_cycle = change.captured_ms >= plan_.stretches.back().begin_ms && last_cycles_[table.name] == 0;
        if (is_first_cycle && !at_end) return;
        tallies_.at(table.name).add(change, table.stretches, begin_ms_);
        counted_to_ = change.seq;
      }
      if (changes.size() < changes_a_page) return;
    }
  }

  void tell() const {
    std::int64_t changes = 0;
    std::size_t first_readings = 0, troubled = 0;
    for (const auto& [name, tally] : tallies_) changes += tally.counts.all();
    for (const pipeline::TableLive& live : status_) {
      if (live.last_cycle_ms == 0 && pipeline::is_well(live)) ++first_readings;
      if (!pipeline::is_well(live)) ++troubled;
    }
    std::string text = fmt::format("{} of {}: {} changes in {} tables", time_text(plan_.watched_ms()), time_text(options_.for_ms), changes, plan_.tables.size());
    if (first_readings > 0) text += fmt::format(", {} still read for the first time", first_readings);
    if (troubled > 0) text += fmt::format(", {} cannot be read", troubled);
    options_.progress(text);
  }

  Assessment write_up() {
    Assessment result{.connection = plan_.connection, .server = plan_.server, .dialect = connection_.dialect, .begin_ms = begin_ms_,
                      .end_ms = plan_.stretches.back().end_ms, .watched_ms = plan_.watched_ms(), .wanted_ms = options_.for_ms, .not_watched = plan_.not_watched};
    result.slot_ms = slot_for(result.end_ms - result.begin_ms);
    for (const WatchedTable& table : plan_.tables) summarise(table, tallies_.at(table.name), now_of(table), options_.hide_users, result);
    put_in_order(result);
    replace_file(options_.folder / "report.html", page_of(result));
    replace_file(options_.folder / "report.json", json_of(result) + "\n");
    return result;
  }

  TableNow now_of(const WatchedTable& table) {
    TableNow now;
    const auto live = std::find_if(status_.begin(), status_.end(), [&table](const pipeline::TableLive& each) { return each.name == table.name; });
    if (live != status_.end() && !pipeline::is_well(*live)) now.problem = live->reason;
    auto reader = journal_->read();
    const auto row = reader->tables.find(table.name);
    if (!row) return now;
    now.count_rows = [this, id = row->id](std::int64_t first_seq, std::int64_t last_seq) { return count_rows(id, first_seq, last_seq); };
    now.rows = reader->images.count(row->id);
    const std::vector<journal::RowImage> images = reader->images.page(row->id, 0, images_sampled);
    for (const journal::RowImage& image : images) now.bytes += static_cast<std::int64_t>(image.image.size());
    if (!images.empty()) now.bytes = now.bytes * now.rows / static_cast<std::int64_t>(images.size());
    return now;
  }

  /// What is over is asked for again whenever it is written up.
  std::int64_t count_rows(std::int64_t table_id, std::int64_t first_seq, std::int64_t last_seq) {
    const auto [known, is_new] = rows_between_.try_emplace({table_id, first_seq, last_seq});
    if (is_new) known->second = journal_->read()->changes.count_rows(table_id, first_seq, last_seq);
    return known->second;
  }

  const settings::SourceConnection& connection_;
  const AssessOptions& options_;
  const Clock& clock_ = system_clock();
  WatchPlan plan_;
  std::unique_ptr<journal::Journal> journal_;
  std::int64_t begin_ms_ = 0;
  std::optional<std::int64_t> noted_ms_;  ///< steady; none: there is something new to be written down
  std::int64_t counted_to_ = 0;
  std::map<std::string, TableTally> tallies_;
  std::map<std::string, std::int64_t> last_cycles_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::int64_t> rows_between_;  ///< different ones, by table and changes
  std::vector<pipeline::TableLive> status_;
  std::mutex fatal_mutex_;
  std::exception_ptr fatal_;
  std::unique_ptr<pipeline::CaptureScheduler> scheduler_;  ///< last: its readers use the rest
};

WatchPlan plan_for(const settings::Instance& instance, const settings::SourceConnection& connection, const AssessOptions& options, const StopSignal& stop) {
  std::optional<WatchPlan> plan = read_plan(options.folder);
  if (!plan) {
    plan = choose_tables(instance, connection, options, stop);
    std::filesystem::create_directories(options.folder);
    write_plan(options.folder, *plan);
  }
  if (plan->connection == connection.name) return *plan;
  throw Error(ErrorCode::config_invalid, options.folder.string() + " holds the assessment of " + plan->connection, {}, "give another folder with --out");
}

}  // namespace

Assessment assess(const settings::InstancePlace& place, const AssessOptions& options, const StopSignal& stop) {
  settings::Diagnostics diagnostics;
  const settings::Instance instance = load_for_inspection(place, options.connection, diagnostics);
  const auto connection = instance.sources.find(options.connection);
  if (connection == instance.sources.end()) {
    throw Error(ErrorCode::config_invalid, "'" + options.connection + "' is a target: only a source has changes to watch");
  }
  return Watch(instance, connection->second, options, plan_for(instance, connection->second, options, stop)).run(stop);
}

}  // namespace engine::operate
