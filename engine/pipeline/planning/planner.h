// The thread that maps: it follows the change log for every pipeline and plans deliveries.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/blocking.h"
#include "engine/base/clock.h"
#include "engine/guard/flip_flop.h"
#include "engine/journal/journal.h"
#include "engine/pipeline/echo/echo_watch.h"
#include "engine/pipeline/live_status.h"
#include "engine/pipeline/planning/columns/column_backfill.h"
#include "engine/pipeline/planning/cycle_guard.h"
#include "engine/pipeline/planning/planning.h"
#include "engine/pipeline/planning/together.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

/// Maps each pipeline's changes in order; one that can't be compiled waits alone. Reads the journal only, so that a slow target never
/// slows it.
class Planner {
 public:
  using Fatal = std::function<void(std::exception_ptr)>;

  Planner(journal::Journal& journal, const settings::Instance& instance, const Clock& clock, Fatal fatal);
  ~Planner();

  /// Registers the pipelines in the journal and returns their rows by name; called once before `start`.
  std::map<std::string, journal::PipelineRow> register_pipelines();
  void start();
  /// One page of each pipeline; true when there may be more. The thread does nothing else; whoever turns the stages by hand
  /// calls it instead of `start`.
  bool follow_once();
  /// How long until a guard's wait is over, though no change comes; an hour where none waits. For the thread that turns the stages.
  std::int64_t next_in_ms() const;
  /// There may be new changes. Cheap.
  void wake();
  void stop();
  /// `answered` is called on the planner's thread before it maps the next page. It must be quick.
  void ping(std::function<void()> answered);
  /// These pipelines map nothing until they are gone from the list, and their pending deliveries are held.
  void set_paused(Paused pipelines);
  /// `held` is called on the planner's thread when pending deliveries were put on hold for a pause, or let go after it, and that is on disk. Before `start`.
  void on_held(std::function<void()> held) { held_ = std::move(held); }
  std::vector<PipelineLive> status() const;

 private:
  struct Follower {
    settings::PipelineDefinition definition;
    journal::PipelineRow row;
    std::int64_t layout_id = 0;
    std::unique_ptr<Planning> planning;
    std::unique_ptr<CycleGuard> guard;
    std::optional<TogetherCycle> cycle;  ///< of one that delivers together: what is being planned
    std::string problem;
    std::optional<ColumnBackfill> backfill;  ///< owed, or under way
    std::string note;                        ///< what is told of one that runs
    guard::FlipWatch flips;
    std::vector<std::string> objections;     ///< for which the page that was stored last asks a person, who was not asked before
    std::optional<bool> held;  ///< whether its pending deliveries are held for a pause; none: not known since the start
  };
  void follow();
  void answer_pings();
  bool follow_one(Follower& follower);
  bool still_awaits(const Follower& follower);
  bool plan_outdated_of(Follower& follower);
  bool is_paused(Follower& follower);
  bool has_pending(const Follower& follower);
  bool compile_if_needed(Follower& follower);
  std::string compile(Follower& follower, const model::Layout& layout);
  void begin_backfill(Follower& follower, const model::Layout& layout);
  bool plan_backfill_of(Follower& follower);
  void records_have_columns(Follower& follower);
  std::set<std::int64_t> renew(Follower& follower, std::vector<model::Change>& changes);
  PlanningPage next_page(Follower& follower);
  static PlanningPage next_together(journal::Records& records, Follower& follower, std::size_t limit);
  bool map_page(Follower& follower, PlanningPage& page);
  PlannedChange map_captured(const Follower& follower, const model::Change& change) const;
  void store_page(Follower& follower, PlanningPage& page);
  std::optional<std::int64_t> write_page(Follower& follower, journal::Records& records, PlanningPage& page);
  static void advance_cycle(Follower& follower, const PlanningPage& page, std::optional<std::int64_t> bundle_id);
  void set_problem(Follower& follower, std::string problem);
  void set_note(Follower& follower, std::string note);

  journal::Journal& journal_;
  const settings::Instance& instance_;
  const Clock& clock_;
  Fatal fatal_;
  std::function<void()> held_ = [] {};
  EchoWatch echoes_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
  std::vector<std::function<void()>> pings_;
  StopSignal stop_;
  std::vector<Follower> followers_;
  Paused paused_;
  std::thread thread_;
};

}  // namespace engine::pipeline
