// The life of all deliveries of one connection: a state machine that is turned by events on one thread.
#pragma once

#include <deque>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "engine/deliver/budget/budgets.h"
#include "engine/deliver/conditions.h"
#include "engine/deliver/dispatcher.h"
#include "engine/deliver/loop/circuit_breaker.h"
#include "engine/deliver/loop/intake.h"
#include "engine/deliver/loop/ledger.h"
#include "engine/deliver/loop/report.h"
#include "engine/deliver/loop/surroundings.h"
#include "engine/deliver/settlement.h"

namespace engine::deliver {

/// Records that go out in one request once the attempts of all are on disk.
struct StartingBatch {
  std::vector<JobPtr> jobs;  ///< those whose start is on disk, in order
  model::PreparedCall prepared;
  std::size_t unwritten = 0;
  bool is_whole = true;  ///< false: somebody else decided about one of them meanwhile
};

/// Every function is called on the loop's thread. After each event, and when `wait_ms` is over, `turn` is called.
class Loop {
 public:
  using Fatal = std::function<void(std::exception_ptr)>;

  Loop(Surroundings& surroundings, model::Target& target, const std::map<std::int64_t, PipelineTarget>& pipelines,
       const DispatcherOptions& options, Fatal fatal);

  /// Settles what a killed process left; nothing starts before that is on disk.
  void start();
  void wake() { intake_.wake(); }
  /// A person decided something, or wants a try now.
  void look_again();
  /// Pipelines were paused, or go on: what was read of them, and not begun, is read again.
  void pauses_changed();
  void drain() { draining_ = true; }
  void turn();
  /// Real time until `turn` has something to do without an event.
  std::int64_t wait_ms() const;
  /// Nothing is under way and all is on disk.
  bool is_idle() const { return in_flight_ == 0 && entries_.empty() && !writing_; }
  DispatcherStatus status() const;

 private:
  static constexpr std::int64_t batch_wait_ms = 100;
  static constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::max();
  using Jobs = std::vector<JobPtr>;
  using Entries = std::deque<LedgerEntry>;
  using BatchKey = std::pair<std::string, model::CallKind>;  ///< object and kind
  /// One that is being filled. Its request holds a place in flight already.
  struct OpenBatch {
    Jobs jobs;
    std::int64_t opened_ms = 0;
  };
  struct Outgoing {
    Jobs jobs;
    model::PreparedCall prepared;
  };

  // Deciding.
  bool may_start() const;
  void begin_job(const JobPtr& job);
  void resume(const JobPtr& job);
  void decide_head(const JobPtr& job);
  void occupy_other_lane(const JobPtr& job, const std::string& match);
  void act_on(const JobPtr& job, Decision decision);
  void wait_for_others(const JobPtr& job, const Decision& decision);

  // Conditions.
  bool is_kept_back(const JobPtr& job);
  void keep_back(const JobPtr& job, const settings::HoldWhile& condition, std::string reason, std::int64_t again_ms);
  void hold(const JobPtr& job, const settings::HoldWhile& condition);
  void ask_conditions();
  bool yields_to_drift(const JobPtr& job, const Decision& decision);
  void hold_drifted(const JobPtr& job);

  // Calling.
  void call(const JobPtr& job);
  void resend(const JobPtr& job);
  void suppress(const JobPtr& job);
  void begin_attempt(const JobPtr& job);
  void write_start(const JobPtr& job, std::string request);
  void add_to_batch(const JobPtr& job);
  void send_batches();
  void send_batch(Jobs jobs);
  std::size_t batch_max(const Job& job) const;
  void note_batch(const BatchKey& key, const Jobs& jobs, std::size_t ill);
  std::vector<model::Call> calls_of(const Jobs& jobs) const;
  static std::string kept_request(const Jobs& jobs, std::size_t index, const model::PreparedCall& prepared);
  void begin_batch(Jobs jobs, model::PreparedCall prepared);
  void batch_written(LedgerEntry& entry);

  // Jobs at the target.
  void note_job(const JobPtr& job, std::int64_t wait_ms);
  void ask_later(const Jobs& answered);
  void ask_for_jobs();
  bool may_ask() const;
  void send(Jobs jobs, model::PreparedCall prepared);
  void send_out();
  bool prepare(const JobPtr& job);

  // Budgets.
  Moment moment() const;
  Spending spending(const Job& job) const;
  void recount(const std::vector<journal::Deliveries::Sent>& sent);
  bool may_grow(const OpenBatch& batch) const;
  static bool goes_in_batch(const Job& job);
  bool joins_batch(const Job& job) const;
  bool admit(const JobPtr& job);
  void park(const JobPtr& job);
  void resume_parked();
  Permit return_permit(const JobPtr& job);
  void give_back_permit(const JobPtr& job);
  bool waits_to_start() const;
  void note_budget_wait();
  bool must_note_use() const;
  std::string use_to_note();
  std::string budget_shown() const;
  std::string budget_reason() const;

  // Answers.
  void answered(const Jobs& jobs, const std::vector<model::CallAnswer>& answers);
  void begin_alone(const JobPtr& job);
  bool settle_job(const JobPtr& job, const model::CallAnswer& answer, const Permit& held, bool ill_before);
  void follow(const JobPtr& job, const Settled& settled);
  void note_health(const Settled& settled, const Permit& held);
  void end(const JobPtr& job, journal::DeliveryState state, std::string reason);
  void finish(const JobPtr& job);

  // Writing.
  void write(LedgerEntry entry);
  bool waits_for_more() const;
  void flush();
  void written(const std::shared_ptr<Entries>& entries, std::exception_ptr error);
  void after_write(LedgerEntry& entry);
  void failed(std::exception_ptr error);

  std::int64_t wall_ms() const { return surroundings_.clock().wall_ms(); }
  std::int64_t steady_ms() const { return surroundings_.clock().steady_ms(); }

  Surroundings& surroundings_;
  model::Target& target_;
  DispatcherOptions options_;
  Fatal fatal_;
  std::function<void(Surroundings::Event)> post_;
  Intake intake_;
  CircuitBreaker breaker_;
  mutable Budgets budgets_;
  Conditions conditions_;
  Report report_;

  bool started_ = false;
  bool must_start_ = false;  ///< the disk was full at the start
  bool draining_ = false;
  bool dead_ = false;  ///< the journal failed
  int in_flight_ = 0;  ///< requests, those whose start is being written included
  bool writing_ = false;
  std::int64_t full_until_ms_ = 0;  ///< steady; the disk is full until a write succeeds
  Entries entries_;
  std::int64_t flush_ms_ = 0;  ///< steady: `entries_` may wait for more until then
  std::size_t unwritten_ = 0;  ///< entries under way to disk
  std::map<BatchKey, OpenBatch> batches_;
  std::map<BatchKey, std::size_t> batch_max_;  ///< so many records a request for now, since more of them failed together
  bool filling_ = false;  ///< a batch was opened in this turn: more may start, to fill it
  Jobs polled_;  ///< of the answers that are being settled, those whose job is not over
  std::int64_t polled_wait_ms_ = 0;
  std::multimap<std::int64_t, Outgoing> polls_;  ///< by the steady time at which they are sent
  int finding_ = 0;       ///< look-ups and readings under way, of which something may join a batch
  std::deque<JobPtr> parked_;  ///< wait for a budget, with their lanes; by priority, then as they came
  std::int64_t parked_until_ms_ = never_ms;
  std::string waiting_for_;    ///< the budget that keeps work back; empty: none does
  std::int64_t waiting_since_ms_ = 0;
  /// What went back to the journal to wait for long, as last seen.
  struct KeptBack {
    std::string budget;
    std::int64_t opens_ms = 0;  ///< steady
    std::int64_t until_ms = 0;  ///< steady; by then it was looked at again
  } kept_back_;
  bool use_changed_ = false;      ///< of budgets that outlive the process
  std::int64_t note_use_ms_ = 0;  ///< steady: not before then
  std::vector<Outgoing> outgoing_;  ///< given to the target some at a time, the last at the end of a turn
};

}  // namespace engine::deliver
