#include "engine/pipeline/planning/planner.h"

#include <pthread.h>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/pipeline/planning/outdated.h"
#include "engine/pipeline/planning/renames.h"

namespace engine::pipeline {

namespace {

constexpr std::size_t page_changes = 500;
constexpr std::int64_t look_again_ms = 1'000;
constexpr std::int64_t full_disk_wait_ms = 5'000;

}  // namespace

Planner::Planner(journal::Journal& journal, const settings::Instance& instance, const Clock& clock, Fatal fatal)
    : journal_(journal), instance_(instance), clock_(clock), fatal_(std::move(fatal)), echoes_(journal, instance, clock) {}

Planner::~Planner() { stop(); }

std::map<std::string, journal::PipelineRow> Planner::register_pipelines() {
  std::map<std::string, journal::PipelineRow> rows;
  journal_.write([&](journal::Records& records) {
    rows.clear();
    apply_renames(instance_, records);
    for (const auto& [name, pipeline] : instance_.pipelines) {
      const auto& table = instance_.tables.at(pipeline.table);
      const journal::SourceTable known = records.tables.ensure(table.name);
      // With `initial: deliver` the snapshot stands in the log and is for every pipeline; with a baseline only what comes.
      const bool from_start = table.initial == settings::Initial::deliver || known.state == "new";
      rows.emplace(name, records.pipelines.ensure(name, known.id, from_start ? 0 : records.changes.last_seq()));
    }
  });
  for (const auto& [name, row] : rows) {
    Follower follower;
    follower.definition = instance_.pipelines.at(name);
    follower.row = row;
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
    wake_.wait_for(lock, std::chrono::milliseconds(look_again_ms), [this] { return woken_; });
    woken_ = false;
  }
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
  if (is_paused(follower)) return false;
  std::vector<model::Change> changes;
  std::set<std::int64_t> echoes;
  {
    auto reader = journal_.read();
    changes = reader->changes.after(follower.row.table_id, follower.row.position, page_changes);
    if (const auto limit = echoes_.limit(follower.row.table_id)) {
      std::erase_if(changes, [limit](const model::Change& change) { return change.seq > *limit; });
      for (const model::Change& change : changes) {
        if (reader->echoes.delivery_of(change.seq)) echoes.insert(change.seq);
      }
    }
  }
  bool more_beside = plan_outdated_of(follower);
  if (!compile_if_needed(follower)) return more_beside;
  more_beside = plan_backfill_of(follower) || more_beside;
  const bool more_changes = changes.size() == page_changes;
  const std::set<std::int64_t> passed_over = renew(follower, changes);
  if (changes.empty()) return more_beside;
  std::vector<PlannedChange> planned;
  planned.reserve(changes.size());
  for (const model::Change& change : changes) {
    // What we wrote there ourselves has nothing to tell.
    if (echoes.contains(change.seq) || passed_over.contains(change.seq)) planned.push_back({change.seq, std::nullopt});
    else planned.push_back(follower.planning->map_change(follower.row, change, clock_));
  }
  store_page(follower, std::move(planned));
  return more_changes || more_beside;
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

// While it is paused each look holds again: a call that was in flight may have come back for a retry.
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
      journal_.write([&](journal::Records& records) {
        paused ? records.pauses.hold(follower.row.id, now) : records.pauses.release(follower.row.id, now);
      });
    }
    // What a person decided about a paused pipeline may have moved its position.
    if (!paused && follower.held) follower.row = journal_.read()->pipelines.find(follower.row.name).value_or(follower.row);
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

void Planner::store_page(Follower& follower, std::vector<PlannedChange> planned) {
  const std::int64_t position = planned.back().seq;
  for (;;) {
    try {
      journal_.write([&](journal::Records& records) {
        Planning::store(records, planned);
        records.pipelines.set_position(follower.row.id, position);
        if (follower.row.mapping != follower.planning->fingerprint()) {
          records.pipelines.set_mapping(follower.row.id, follower.planning->fingerprint());
        }
      });
      break;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::journal_full) throw;
      set_problem(follower, error.what());
      answer_pings();
      if (stop_.wait_for(full_disk_wait_ms)) return;
    }
  }
  if (!follower.problem.empty()) set_problem(follower, {});
  follower.row.position = position;
  follower.row.mapping = follower.planning->fingerprint();
  count("datapicker_changes_mapped_total", {{"pipeline", follower.row.name}},
        static_cast<double>(planned.size()));
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
