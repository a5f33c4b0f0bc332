// The stages of an instance turned by hand, on one thread, in a time of their own: what is captured, mapped and delivered is
// what the daemon would capture, map and deliver, only nobody waits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/blocking.h"
#include "engine/capture/capture_mode.h"
#include "engine/journal/journal.h"
#include "engine/model/source.h"
#include "engine/model/source/question.h"
#include "engine/model/target.h"
#include "engine/pipeline/planning/planner.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

/// Time that stands still until it is told to pass.
class StandingClock final : public Clock {
 public:
  explicit StandingClock(std::int64_t wall_ms) : wall_ms_(wall_ms) {}
  std::int64_t wall_ms() const override { return wall_ms_ + passed_ms_; }
  std::int64_t steady_ms() const override { return passed_ms_; }
  void pass(std::int64_t ms) { passed_ms_ += ms; }

 private:
  std::int64_t wall_ms_;
  std::int64_t passed_ms_ = 1'000;
};

class Rehearsal {
 public:
  using MakeTarget = std::function<std::unique_ptr<model::Target>(const settings::TargetConnection&)>;

  /// What the database of a condition (`hold_while`) says.
  using Reply = std::function<model::Reply(const model::Question&)>;
  static model::Reply finds_nothing(const model::Question&) { return {}; }

  /// Over a journal that may hold what an earlier one left: then it goes on as a daemon does after a kill. All references must
  /// outlive it. Throws Error config_invalid for a target that cannot work.
  Rehearsal(const settings::Instance& instance, journal::Journal& journal, const Clock& clock, const MakeTarget& make_target,
            const Reply& reply = finds_nothing);
  /// As by SIGKILL: what is not in the journal is gone.
  ~Rehearsal();

  /// One cycle over one table. Throws what a source throws.
  capture::CycleResult capture(const std::string& table, model::Source& source);
  /// All that can happen at this moment happens: changes are mapped, deliveries sent and settled. Throws Error config_invalid
  /// when a mapping does not compile, journal_failed, and `stopped` when it never comes to rest.
  void settle();
  /// A person decided something.
  void look_again();
  /// Milliseconds until something may happen by itself: at least one, at most a minute.
  std::int64_t next_in_ms() const;
  /// Requests that were sent and got no answer.
  bool awaits_answers() const;

 private:
  class Delivery;

  const settings::Instance& instance_;
  journal::Journal& journal_;
  const Clock& clock_;
  StopSignal stop_;
  Planner planner_;
  std::map<std::string, std::unique_ptr<capture::CaptureMode>> modes_;
  std::vector<std::unique_ptr<Delivery>> deliveries_;
};

}  // namespace engine::pipeline
