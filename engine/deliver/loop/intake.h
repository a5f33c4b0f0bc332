// What may be started next: loads heads of lanes page by page, keeps those that wait, never gives a lane or key twice.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/deliver/job.h"
#include "engine/deliver/loop/busy_lanes.h"
#include "engine/deliver/loop/loader.h"
#include "engine/deliver/loop/surroundings.h"

namespace engine::deliver {

struct IntakeOptions {
  std::string connection;
  std::size_t page_min = 64;
  std::size_t page_max = 1024;
  std::int64_t suspect_seq = 0;  ///< changes up to this one may have been upserted without a trace
};

/// Where pipelines have priorities, each priority has a queue and a scan of its own: what is urgent is found however much
/// else waits before it.
/// Each pending row is looked at once, in order of id. One that stands behind another is found when that one is
/// released; one that waits has a timer. A scan from the start now and then heals what both cannot see.
class Intake {
 public:
  using Failed = std::function<void(std::exception_ptr)>;

  Intake(Surroundings& surroundings, const model::Target& target,
         const std::map<std::int64_t, PipelineTarget>& pipelines, IntakeOptions options, Failed failed);

  void set_suspect_seq(std::int64_t seq) { options_.suspect_seq = seq; }
  /// New deliveries may be there.
  void wake() {
    for (Queue& queue : queues_) queue.more = true;
    woken_ = true;
  }
  /// Anything may have changed, older ones included.
  void look_again();
  /// Takes the delivery up again after a wait. `retry`: the wait ends early when the target is well again.
  void wait(std::int64_t delivery_id, std::int64_t wait_ms, bool retry);
  /// The wait of a delivery ends now; one that does not wait is looked at all the same.
  void hurry(std::int64_t delivery_id);
  void end_retry_waits();
  /// Its lanes and key are free: what stands behind may come.
  void release(const JobPtr& job);
  /// Forgets what was read, or is being read, and not started: it would be out of date when things go on.
  void drop_ready();

  bool has_ready() const { return ready_ > 0; }
  JobPtr next();
  void put_back(JobPtr job);
  /// Starts a load when there is something to load and little that is ready.
  void fill();
  /// Steady time at which there is something to do, if any.
  std::optional<std::int64_t> next_ms() const;
  bool is_loading() const { return loading_; }

 private:
  /// A delivery that waits. `retry`: ends early once the target is well again.
  struct Timer {
    std::int64_t delivery_id;
    bool retry;
  };
  /// One priority: what was read for it, and how far its scan is.
  struct Queue {
    bool used = false;
    journal::PipelineChoice pipelines;
    std::deque<JobPtr> ready;
    std::int64_t cursor = 0;
    bool more = true;
    int passed_over = 0;  ///< jobs of a higher priority that were taken while some stood here
  };
  Queue& queue_of(const PipelineTarget& pipeline) { return queues_[static_cast<std::size_t>(pipeline.priority)]; }
  void set_up_queues();
  bool wants_more(const Queue& queue) const { return queue.used && queue.ready.size() <= page_ / 2; }
  Queue& next_queue();
  using Record = std::pair<std::int64_t, std::string>;  ///< pipeline and key
  void await(const journal::Head& head);
  void tell_awaiting(const Job& job);
  bool ended_meanwhile(const journal::Head& head) const;
  void loaded(const std::shared_ptr<Loaded>& result, std::exception_ptr error);
  void take_in_all(Loaded& loaded);
  void begin_bundles(std::set<std::int64_t> bundles);
  void take_in(journal::Head head, bool waited);
  std::vector<std::int64_t> due_ids();
  bool knows(const journal::Delivery& delivery);
  std::int64_t now_ms() const { return surroundings_.clock().steady_ms(); }

  Surroundings& surroundings_;
  const model::Target& target_;
  const std::map<std::int64_t, PipelineTarget>& pipelines_;
  IntakeOptions options_;
  Failed failed_;

  BusyLanes busy_;
  std::array<Queue, 3> queues_;  ///< by priority
  std::size_t ready_ = 0;        ///< in all queues
  std::unordered_set<std::int64_t> running_;  ///< ready ones included
  std::unordered_set<std::int64_t> met_;      ///< of those, found pending meanwhile: somebody decided about them, and they are looked at once more
  std::multimap<std::int64_t, Timer> timers_;
  std::unordered_map<std::int64_t, std::int64_t> waiting_;  ///< those in `timers_`, and their times
  std::vector<journal::Freed> freed_;
  std::set<std::int64_t> stops_on_dead_;
  std::set<std::int64_t> unknown_pipelines_;
  bool stale_load_ = false;  ///< what is being read is out of date
  bool any_related_ = false;                                ///< some pipelines depend on others
  std::map<Record, std::set<std::int64_t>> awaiting_;       ///< deliveries that wait for a record of another pipeline
  std::set<Record> ended_since_load_;                       ///< what a load under way may not have seen

  bool restart_ = false;
  bool woken_ = false;  ///< since the load under way began
  bool loading_ = false;
  std::shared_ptr<Loaded> room_;  ///< for the next load; none before the first, and when little is to be done
  bool any_blocked_ = false;
  bool any_met_ = false;  ///< what is freed tells of one that was met
  std::int64_t rescan_ms_;
  std::size_t page_;
  std::size_t started_ = 0;  ///< since the last load
};

}  // namespace engine::deliver
