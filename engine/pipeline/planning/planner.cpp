#include "engine/pipeline/planning/planner.h"

#include <pthread.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/base/text/durations.h"
#include "engine/guard/settle.h"
#include "engine/pipeline/planning/outdated.h"
#include "engine/pipeline/planning/renames.h"

namespace engine::pipeline {

namespace {

constexpr std::size_t page_changes = 500;
constexpr std::int64_t look_again_ms = second_ms;
constexpr std::int64_t full_disk_wait_ms = 5'000;
constexpr std::int64_t no_wait_ms = hour_ms;

}  // namespace

Planner::Planner(journal::Journal& journal, const settings::Instance& instance, const Clock& clock, Fatal fatal)
    : journal_(journal), instance_(instance), clock_(clock), fatal_(std::move(fatal)), echoes_(journal, instance, clock) {}

Planner::~Planner() { stop(); }

std::map<std::string, journal::PipelineRow> Planner::register_pipelines() {
  std::map<std::string, journal::PipelineRow> rows;
  std::map<std::string, std::int64_t> last_read_ms;
  journal_.write([&](journal::Records& records) {
    rows.clear();
    last_read_ms.clear();
    apply_renames(instance_, records);
    for (const auto& [name, pipeline] : instance_.pipelines) {
      const auto& table = instance_.tables.at(pipeline.table);
      const journal::SourceTable known = records.tables.ensure(table.name);
      // With `initial: deliver` the snapshot stands in the log and is for every pipeline; with a baseline only what comes.
      const bool from_start = table.initial == settings::Initial::deliver || known.state == "new";
      const auto row = rows.emplace(name, records.pipelines.ensure(name, known.id, from_start ? 0 : records.changes.last_seq())).first;
      begin_rhythm(records, pipeline, row->second.id, clock_.wall_ms());
      last_read_ms[name] = known.last_cycle_ms;
    }
  });
  for (const auto& [name, row] : rows) {
    Follower follower;
    follower.definition = instance_.pipelines.at(name);
    follower.flips = guard::FlipWatch(follower.definition.flip_flop);
    follower.row = row;
    follower.guard = std::make_unique<CycleGuard>(journal_, follower.definition, instance_.tables.at(follower.definition.table).capture.mode == "tail");
    follower.guard->was_down(last_read_ms.at(name), clock_.wall_ms());
    followers_.push_back(std::move(follower));
  }
  echoes_.start(rows);
  return rows;
}

void Planner::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "planner");
    try {
      follow();
    } catch (...) {
      fatal_(std::current_exception());
    }
  });
}

void Planner::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

void Planner::stop() {
  stop_.request();
  wake();
  if (thread_.joinable()) thread_.join();
}

void Planner::ping(std::function<void()> answered) {
  {
    const std::lock_guard lock(mutex_);
    pings_.push_back(std::move(answered));
  }
  wake();
}

void Planner::answer_pings() {
  const std::lock_guard lock(mutex_);
  for (const auto& answered : pings_) answered();
  pings_.clear();
}

void Planner::follow() {
  while (!stop_.requested()) {
    answer_pings();
    if (follow_once()) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::milliseconds(std::min(look_again_ms, next_in_ms())), [this] { return woken_; });
    woken_ = false;
  }
}

std::int64_t Planner::next_in_ms() const {
  std::int64_t next = no_wait_ms;
  for (const Follower& follower : followers_) {
    if (const auto awaited = follower.guard->awaited_ms()) next = std::min(next, std::max<std::int64_t>(*awaited - clock_.wall_ms(), 1));
  }
  return next;
}

bool Planner::follow_once() {
  bool more = echoes_.look();
  for (Follower& follower : followers_) {
    if (stop_.requested()) return false;
    answer_pings();
    more = follow_one(follower) || more;
  }
  return more;
}

// One page of one pipeline, so that a long backlog of one does not starve the others. True when there may be more.
bool Planner::follow_one(Follower& follower) {
  if (is_paused(follower)) {
    follower.guard->start_over();
    return false;
  }
  const bool waits = still_awaits(follower);
  // Before the columns are looked at: nothing on the page is of newer ones than those.
  PlanningPage page = waits ? PlanningPage{} : next_page(follower);
  bool more_beside = plan_outdated_of(follower);
  if (!compile_if_needed(follower)) {
    follower.guard->start_over();
    return more_beside;
  }
  more_beside = plan_backfill_of(follower) || more_beside;
  if (waits || !map_page(follower, page)) return more_beside;
  const bool counts = follower.guard->counted_to().has_value();
  if (page.changes.empty() && !(counts && page.is_last)) return more_beside;
  if (counts) return follower.guard->count_page(page) || more_beside;
  const bool more = !page.is_last || more_beside;
  if (follower.guard->is_on() && !follower.guard->judge(follower.row, page)) return more_beside;
  if (page.planned.empty()) return true;
  store_page(follower, page);
  return more;
}

// Echoes are known up to a change: a page ends before it, and of a transaction nothing is planned yet.
PlanningPage Planner::next_page(Follower& follower) {
  auto reader = journal_.read();
  const std::int64_t read_ms = clock_.wall_ms();
  // The open cycle before the changes: of one that was closed by then all are there.
  const auto open = follower.guard->is_on() ? reader->cycles.open_of(follower.row.table_id) : std::nullopt;
  const auto counted_to = follower.guard->counted_to();
  PlanningPage page;
  if (follower.definition.deliver == settings::DeliverPolicy::together && !counted_to) {
    page = next_together(*reader, follower, page_changes);
  } else {
    page.changes = reader->changes.after(follower.row.table_id, counted_to.value_or(follower.row.position), page_changes);
    page.is_last = page.changes.size() < page_changes;
  }
  page.read_ms = read_ms;
  if (open) page.open_cycle = open->id;
  const auto limit = echoes_.limit(follower.row.table_id);
  if (!limit) return page;
  const bool cut = std::erase_if(page.changes, [limit](const model::Change& change) { return change.seq > *limit; }) > 0;
  if (cut && !page.groups.empty()) return {};
  page.is_last = page.is_last && !cut;
  for (const model::Change& change : page.changes) {
    if (reader->echoes.delivery_of(change.seq)) page.passed_over.insert(change.seq);
  }
  return page;
}

// False when it has to wait for rows that are read with other columns: of a transaction nothing is planned before all of it can be.
bool Planner::map_page(Follower& follower, PlanningPage& page) {
  const std::size_t whole = page.changes.size();
  page.passed_over.merge(renew(follower, page.changes));
  const bool cut = page.changes.size() < whole;
  if (cut && !page.groups.empty()) return false;
  page.is_last = page.is_last && !cut;
  page.planned.reserve(page.changes.size());
  for (const model::Change& change : page.changes) {
    if (page.passed_over.contains(change.seq)) page.planned.push_back({change.seq, std::nullopt});
    else page.planned.push_back(map_captured(follower, change));
  }
  return true;
}

// As it was captured: what a person asks for is mapped elsewhere, and waits for no quiet moment.
PlannedChange Planner::map_captured(const Follower& follower, const model::Change& change) const {
  PlannedChange planned = follower.planning->map_change(follower.row, change, clock_);
  if (planned.delivery) guard::let_settle(follower.definition.settle, change, *planned.delivery);
  return planned;
}

// Each chunk of a long cycle wakes this thread: what waits for its end is not mapped each time.
bool Planner::still_awaits(const Follower& follower) {
  const auto awaited = follower.guard->awaited_cycle();
  if (!awaited) return false;
  const auto open = journal_.read()->cycles.open_of(follower.row.table_id);
  return open && open->id == *awaited;
}

// Looked at without writing: it is rare that a parent gets another id.
bool Planner::plan_outdated_of(Follower& follower) {
  if (follower.definition.depends_on.empty() || !compile_if_needed(follower)) return false;
  std::optional<model::Layout> layout;
  {
    auto reader = journal_.read();
    if (reader->deliveries.outdated(follower.row.id, 1).empty()) return false;
    layout = reader->tables.layout(follower.layout_id);
  }
  bool more = false;
  try {
    journal_.write([&](journal::Records& records) {
      more = plan_outdated(records, *follower.planning, follower.row, *layout, clock_);
    });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::journal_full) throw;
  }
  return more;
}

// A pause holds what is pending, and its end lets it go, in one transaction with itself: here is healed what slipped through.
bool Planner::is_paused(Follower& follower) {
  bool paused = false;
  {
    const std::lock_guard lock(mutex_);
    paused = paused_.contains(follower.row.name);
  }
  const bool nothing_to_do = paused ? !has_pending(follower) : follower.held == false;
  try {
    const std::int64_t now = clock_.wall_ms();
    if (!nothing_to_do) {
      std::int64_t moved = 0;
      journal_.write([&](journal::Records& records) {
        moved = paused ? records.pauses.hold_covered(now) : records.pauses.release_uncovered(now);
      });
      if (moved > 0) held_();
    }
    // What a person decided about a paused pipeline may have moved its position.
    if (!paused && follower.held != false) follower.row = journal_.read()->pipelines.find(follower.row.name).value_or(follower.row);
    follower.held = paused;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::journal_full) throw;
  }
  return paused;
}

// Looked at without writing: a pause must not cost a commit a second.
bool Planner::has_pending(const Follower& follower) {
  for (const auto& [state, count] : journal_.read()->deliveries.counts(follower.row.id)) {
    if (state == journal::DeliveryState::pending && count > 0) return true;
  }
  return false;
}

void Planner::set_paused(Paused pipelines) {
  {
    const std::lock_guard lock(mutex_);
    paused_ = std::move(pipelines);
  }
  wake();
}

namespace {

using Objections = std::map<std::int64_t, std::string>;

/// Open anomalies of guards of single records, with their words. Looked for only where one objects, which is rare.
Objections objections_open(journal::Records& records, std::int64_t pipeline_id, const PlanningPage& page) {
  const bool any = std::ranges::any_of(page.planned, [](const PlannedChange& each) { return each.delivery && each.delivery->objection; });
  Objections open;
  if (!any) return open;
  for (const journal::Anomaly& each : records.anomalies.all_open()) {
    if (each.pipeline_id == pipeline_id && each.kind != journal::mass_change_kind) open.emplace(each.id, each.text);
  }
  return open;
}

}  // namespace

// In one transaction with the position: after a kill none is planned twice, and none is lost.
std::optional<std::int64_t> Planner::write_page(Follower& follower, journal::Records& records, PlanningPage& page) {
  const std::int64_t now = clock_.wall_ms();
  std::optional<std::int64_t> bundle_id;
  for (PlannedChange& planned : page.planned) {
    if (planned.delivery) follower.flips.look(records.deliveries, *planned.delivery);
  }
  const Objections known = objections_open(records, follower.row.id, page);
  follower.guard->apply(records, follower.row, page.planned, now);
  if (page.groups.empty()) Planning::store(records, page.planned);
  else bundle_id = store_together(records, follower.row, page, now);
  // A pause that came while this page was mapped covers it, too.
  records.pauses.hold_covered(now);
  records.anomalies.close_healed(follower.row.id, now);
  follower.objections.clear();
  for (const auto& [id, text] : objections_open(records, follower.row.id, page)) {
    if (!known.contains(id)) follower.objections.push_back(text);
  }
  records.pipelines.set_position(follower.row.id, page.position);
  if (follower.row.mapping != follower.planning->fingerprint()) {
    records.pipelines.set_mapping(follower.row.id, follower.planning->fingerprint());
  }
  return bundle_id;
}

void Planner::store_page(Follower& follower, PlanningPage& page) {
  if (page.groups.empty()) page.position = page.planned.back().seq;
  std::optional<std::int64_t> bundle_id;
  for (;;) {
    try {
      journal_.write([&](journal::Records& records) { bundle_id = write_page(follower, records, page); });
      break;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::journal_full) throw;
      set_problem(follower, error.what());
      answer_pings();
      if (stop_.wait_for(full_disk_wait_ms)) return;
    }
  }
  if (!follower.problem.empty()) set_problem(follower, {});
  follower.guard->tell();
  for (const std::string& why : follower.objections) log_event(LogLevel::warning, "anomaly.held", {{"pipeline", follower.row.name}, {"why", why}});
  follower.row.position = page.position;
  follower.row.mapping = follower.planning->fingerprint();
  count("datapicker_changes_mapped_total", {{"pipeline", follower.row.name}},
        static_cast<double>(page.planned.size()));
  if (!page.groups.empty()) advance_cycle(follower, page, bundle_id);
}

void Planner::set_problem(Follower& follower, std::string problem) {
  const std::lock_guard lock(mutex_);
  follower.problem = std::move(problem);
}

void Planner::set_note(Follower& follower, std::string note) {
  const std::lock_guard lock(mutex_);
  follower.note = std::move(note);
}

std::vector<PipelineLive> Planner::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<PipelineLive> all;
  for (const Follower& follower : followers_) {
    const auto paused = paused_.find(follower.row.name);
    if (paused != paused_.end()) {
      all.push_back({follower.row.name, "paused", paused->second});
    } else {
      all.push_back({follower.row.name, follower.problem.empty() ? "running" : "stopped", follower.problem.empty() ? follower.note : follower.problem});
    }
  }
  return all;
}

}  // namespace engine::pipeline
