// Delivers what is pending at one target connection: lanes in order, many at once, every attempt journaled.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/retry_policy.h"
#include "engine/deliver/decision.h"
#include "engine/journal/journal.h"
#include "engine/model/source/question.h"
#include "engine/model/target.h"
#include "engine/settings/target/limits.h"

namespace engine::deliver {

/// How hard a target may be worked, and how patient we are with it.
struct DispatcherOptions {
  std::string connection;
  int in_flight = 8;      ///< requests at once
  std::map<std::string, settings::BudgetDefinition> budgets;  ///< by name; "" is the connection's own
  bool dry_run = false;   ///< all is decided and frozen, and ends as suppressed: nothing leaves
  RetryPolicy retry{.first_wait_ms = 500, .wait_ms_max = 300'000, .tries_max = 0};
  int dead_after_tries = 0;      ///< 0: retry without end
  int breaker_opens_after = 10;  ///< failures in a row that look like ill health
  std::int64_t breaker_wait_ms = 15'000;
  model::Inquiries* inquiries = nullptr;  ///< asked for conditions of pipelines; it outlives the dispatcher. Null: none has any
};

/// A copy, as old as the last turn of the loop.
struct DispatcherStatus {
  std::string state;  ///< running, open (breaker), auth_refused, paused, stopped
  std::string reason;
  int in_flight = 0;
  std::int64_t delivered = 0;
};

/// Owns a thread. All public functions are thread-safe. The target must be stopped before it is destroyed, and may be
/// stopped before or after the dispatcher is.
class Dispatcher {
 public:
  Dispatcher(journal::Journal& journal, model::Target& target, std::map<std::int64_t, PipelineTarget> pipelines,
             DispatcherOptions options, const Clock& clock);
  ~Dispatcher();

  /// Settles what a killed process left in flight (rule 5), then begins.
  void start();
  /// Something may have become due. Cheap; called after each commit.
  void wake();
  /// A person decided something about older deliveries, or repaired what stood in the way: they are looked at again,
  /// and a connection whose credentials were refused is tried now.
  void look_again();
  /// Deliveries of paused pipelines were put on hold, or let go: that stands in the journal by now.
  void pauses_changed();
  /// Starts nothing new from now on.
  void begin_drain();
  /// The same, and lets what is in flight end, at most for `wait_ms`.
  void drain(std::int64_t wait_ms);
  /// `answered` is called when the loop's thread, the one that reads for it and the target's own have come round.
  void ping(std::function<void()> answered);
  DispatcherStatus status() const;
  /// `fatal` is called once, from the dispatcher's thread, when the journal failed: the process must stop.
  void on_fatal(std::function<void(std::exception_ptr)> fatal);

 private:
  class Running;
  std::unique_ptr<Running> running_;
};

}  // namespace engine::deliver
