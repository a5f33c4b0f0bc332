// Mass changes: what a cycle would do is counted when it is complete, and goes on or is held as a whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/guard/mass_change.h"
#include "engine/guard/unit.h"
#include "engine/journal/journal.h"
#include "engine/pipeline/planning/effects.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::pipeline {

/// Guards one pipeline, on the planner's thread. Operations without a limit go on at once; what has one is judged together with its
/// cycle, when that is closed, since only then it is known how much there is; of a log (`mode: tail`) it is judged with the changes of two
/// seconds instead, and a few do not wait for that. What goes on behind a page is counted first, page by page, and the verdict is stored with the first
/// effect: a kill in between changes nothing. Of a pipeline that delivers together a cycle is closed before it is planned: it is judged as a
/// whole, whatever the log, and all of its transactions go on or are held with all of their rows.
class CycleGuard {
 public:
  CycleGuard(journal::Journal& journal, const settings::PipelineDefinition& pipeline, bool follows_log);
  /// Between these times nothing was read: what is found just after them is of all that time.
  void was_down(std::int64_t from_ms, std::int64_t until_ms) { down_ = {from_ms, until_ms}; }

  bool is_on() const { return limits_.is_on(); }
  /// The position may be another when the pipeline goes on.
  void start_over();
  /// While something is counted: behind which change it goes on.
  std::optional<std::int64_t> counted_to() const;
  /// Counts the next page of it. False when more has to come first.
  bool count_page(const PlanningPage& page);
  /// The open cycle whose end is awaited; nothing else can be done before it.
  std::optional<std::int64_t> awaited_cycle() const { return awaited_cycle_; }
  /// When the seconds that are awaited have passed.
  std::optional<std::int64_t> awaited_ms() const { return awaited_ms_; }

  /// Cuts off what has to wait and decides about the rest. False when nothing is left and no more can be done now.
  bool judge(const journal::PipelineRow& row, PlanningPage& page);
  /// In the transaction that stores the page, before it: opens anomalies and puts deliveries under them.
  void apply(journal::Records& records, const journal::PipelineRow& row, std::vector<PlannedChange>& planned, std::int64_t now_ms);
  /// After it was stored: what was held stands in the log.
  void tell() const;

 private:
  using Unit = guard::Unit;
  struct Count {
    std::int64_t last_seq = 0;
    std::int64_t last_ms = 0;
    std::int64_t last_cycle = 0;
    journal::EffectCounts effects;
  };
  struct Counting {
    Unit unit;
    Count count;
    bool done = false;
  };
  /// A part of the page that has one verdict.
  struct Stretch {
    std::size_t begin = 0;
    std::size_t end = 0;
    Unit unit;
    Count count;
    guard::Verdict verdict;
    bool of_transactions = false;            ///< all of it is held, whatever would become of each row
    bool is_new = true;                      ///< decided now, else stored before
    bool goes_on = false;                    ///< behind the page
    std::optional<std::int64_t> anomaly_id;  ///< stored before
  };

  bool is_limited(Effect effect, std::int64_t at_ms) const;
  bool may_be_limited(const PlannedChange& planned, std::int64_t at_ms) const;
  void look_up(journal::Records& records, const PlanningPage& page);
  void find_loose(journal::Records& records, const journal::PipelineRow& row, const PlanningPage& page);
  void sample(const PlanningPage& page);
  std::int64_t creates_among(journal::Records& records, const PlanningPage& page, std::size_t begin, std::size_t end) const;
  bool is_usual(journal::Records& records, const journal::PipelineRow& row, const Unit& unit, const Count& most, journal::EffectCounts& before);
  bool surely_passes(journal::Records& records, const journal::PipelineRow& row, const PlanningPage& page, const Unit& unit, std::size_t begin,
                     std::size_t end, journal::EffectCounts& before);
  journal::EffectCounts loose_before(const PlanningPage& page, std::size_t end, std::int64_t at_ms) const;
  void tally(const PlanningPage& page);
  void learn(journal::Records& records, const journal::PipelineRow& row, const Stretch& stretch, std::int64_t anomaly_id);
  std::optional<std::int64_t> covered_from(const Unit& unit) const;
  std::optional<guard::Usual> usual_of(journal::Records& records, const journal::PipelineRow& row, const Unit& unit, const Count& count);
  Unit unit_at(const PlanningPage& page, std::size_t begin) const;
  static void add_to(Count& count, const model::Change& change, Effect effect);
  bool is_complete(const Unit& unit, const Count& count, const PlanningPage& page) const;
  void await(const Unit& unit, const PlanningPage& page);
  guard::Situation situation_of(journal::Records& records, const journal::PipelineRow& row, const Unit& unit, const Count& count,
                                const journal::EffectCounts& before);
  guard::Verdict verdict_on(journal::Records& records, const journal::PipelineRow& row, const PlanningPage& page, std::size_t begin,
                            const Stretch& stretch);
  std::optional<std::int64_t> anomaly_for(journal::Records& records, const journal::PipelineRow& row, const Stretch& stretch,
                                          std::int64_t now_ms) const;
  std::size_t judge_known(const PlanningPage& page, const journal::UnitVerdict& known, std::size_t begin);
  std::optional<std::size_t> judge_unit(journal::Records& records, const journal::PipelineRow& row, const PlanningPage& page, std::size_t begin);
  bool judge_units(journal::Records& records, const journal::PipelineRow& row, PlanningPage& page);
  bool judge_transactions(journal::Records& records, const journal::PipelineRow& row, PlanningPage& page);

  journal::Journal& journal_;
  settings::MassChange limits_;
  std::string pipeline_;
  bool follows_log_;
  bool together_;
  std::optional<Counting> counting_;
  std::optional<std::int64_t> awaited_cycle_;
  std::optional<std::int64_t> awaited_ms_;
  std::vector<Stretch> stretches_;  ///< of the page that was judged last
  std::vector<Effect> effects_;     ///< of operations that have a limit by now
  // What the rhythm needs.
  struct Down {
    std::int64_t from_ms = 0;
    std::int64_t until_ms = 0;
  };
  struct Tally {
    Unit unit;
    journal::EffectCounts effects;
  };
  struct Learnt {
    std::int64_t at_ms = 0;
    journal::EffectCounts counts;
    journal::EffectCounts largest;
  };
  Down down_;
  std::optional<std::int64_t> since_ms_;  ///< when learning began
  std::optional<guard::Usual> usual_;
  std::int64_t usual_hour_ = -1;          ///< of which `usual_` is
  std::int64_t swept_hour_ = -1;
  std::int64_t over_hour_ = -1;           ///< in which more different records than usual were counted
  std::vector<Effect> watched_;           ///< those without a limit, too
  std::vector<std::int64_t> wanted_;      ///< how many changes each that is looked up stands for
  std::vector<bool> is_loose_;            ///< goes on, whatever its effect is
  std::optional<Tally> tally_;            ///< of the cycle that went on at once
  std::vector<Learnt> learnt_;            ///< of the page, by hour
};

/// Learns from now on what is usual for a pipeline, or forgets it where nobody asks.
void begin_rhythm(journal::Records& records, const settings::PipelineDefinition& pipeline, std::int64_t pipeline_id, std::int64_t now_ms);

}  // namespace engine::pipeline
