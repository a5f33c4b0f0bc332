// A month of the made-up ERP under the guards: what they hold of it, judged with the same functions as in the daemon, on counts instead of rows.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/guard/mass_change.h"
#include "test/engine/guard/erp_month.h"

namespace test {

/// One pipeline. A person decides about what is held half an hour later: what nobody meant is rejected, business released.
class WatchedPipeline {
 public:
  WatchedPipeline(const ErpPipeline& pipeline, const engine::settings::MassChange& limits, std::int64_t since_ms)
      : pipeline_(pipeline), limits_(limits), since_ms_(since_ms) {}

  engine::guard::Verdict judge(const ErpCycle& cycle);
  /// Alarms that were business: one for each time that a person had to be asked.
  const std::vector<std::string>& false_alarms() const { return false_alarms_; }

 private:
  struct Counted {
    std::int64_t at_ms = 0;
    engine::journal::EffectCounts counts;
  };
  engine::guard::Situation situation_of(const ErpCycle& cycle);
  engine::guard::Usual usual_of(const ErpCycle& cycle);
  void learn(std::int64_t at_ms, const engine::journal::EffectCounts& counts);
  void decide(std::int64_t now_ms);

  ErpPipeline pipeline_;
  engine::settings::MassChange limits_;
  std::int64_t since_ms_;
  std::deque<Counted> window_;               ///< what went on
  engine::journal::EffectCounts in_window_;
  std::map<std::int64_t, engine::journal::EffectCounts> in_hour_;
  std::vector<Counted> held_;                ///< by the anomaly that is open
  std::map<std::int64_t, engine::journal::EffectHour> hours_;
  std::optional<engine::guard::Usual> usual_;
  std::int64_t usual_hour_ = -1;  ///< of which `usual_` is: within one nothing is learnt for it
  std::optional<std::int64_t> open_since_ms_;
  bool open_is_disaster_ = false;
  std::vector<std::string> false_alarms_;
};

struct MonthResult {
  std::vector<std::string> false_alarms;  ///< why
  std::int64_t disaster_effects = 0;
  std::int64_t disaster_held = 0;
};

/// With a disaster, only the pipelines that it strikes.
MonthResult watch_month(std::uint64_t seed, Disaster disaster, const engine::settings::MassChange& limits = {});

}  // namespace test
