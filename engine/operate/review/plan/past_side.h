// One configuration's half of a comparison: what one pipeline would have called for recorded changes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/map/mapper.h"
#include "engine/model/change.h"
#include "engine/operate/review/plan/past_records.h"
#include "engine/pipeline/planning/effects.h"
#include "engine/pipeline/planning/forecast.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// A recorded change with its images read.
struct PastRow {
  const model::Change& change;
  std::optional<model::RowView> after;
  std::optional<model::RowView> before;
  std::int64_t time_ms = 0;  ///< what change_time() gives: the change's own, for both sides
};

/// What the mapping makes of a change: of the row as it became, and as it was before. Its record at the target is what `was` says.
struct PastOutcome {
  map::MapOutcome is;
  std::optional<map::MapOutcome> was;  ///< none: there was no row, or what is sent stands for the change alone
};

enum class PastCall : std::uint8_t { none, create, update, delete_, kept_back, failed };
std::string_view name_of(PastCall call);
constexpr bool is_call(PastCall call) { return call == PastCall::create || call == PastCall::update || call == PastCall::delete_; }

/// Used by one thread.
class PastSide {
 public:
  /// Null when the mapping does not fit the layout; why is in `diagnostics`. `instance` and `pipeline`, one of its own, outlive it. Throws
  /// config_invalid for a target that cannot work.
  static std::unique_ptr<PastSide> make(const settings::Instance& instance, const settings::PipelineDefinition& pipeline,
                                        const model::Layout& layout, settings::Diagnostics& diagnostics);

  map::MapOutcome map_after(const PastRow& row);
  /// The row before the change, as if it had just come so; none where there was none.
  std::optional<map::MapOutcome> map_before(const PastRow& row);

  /// What would be called, without the request: enough where nothing is to be compared.
  PastCall call_of(const PastOutcome& outcome) const;
  pipeline::Forecast forecast(const PastRow& row, const PastOutcome& outcome);
  PastCall call_of(const PastOutcome& outcome, const pipeline::Forecast& forecast) const;
  /// What a guard against mass changes would have counted.
  pipeline::Effect effect_of(const PastRow& row, const PastOutcome& outcome) const;
  /// What guards of single records would have seen of a call; none where the pipeline has none of them.
  std::optional<PastMove> move_of(const PastOutcome& outcome) const;
  /// The rule that keeps it back; null: none.
  const settings::GuardRule* broken_rule(const PastOutcome& outcome) const;

  const settings::PipelineDefinition& definition() const { return pipeline_; }
  const settings::TargetConnection& connection() const { return connection_; }
  /// It maps a row otherwise at another time, or after another change.
  bool asks_for_the_moment() const;
  bool is_every_change() const { return pipeline_.deliver == settings::DeliverPolicy::every_change; }

 private:
  PastSide(const settings::Instance& instance, const settings::PipelineDefinition& pipeline, std::unique_ptr<map::Mapper> mapper);

  const settings::PipelineDefinition& pipeline_;
  const settings::TargetConnection& connection_;
  std::unique_ptr<map::Mapper> mapper_;
  std::unique_ptr<model::Target> target_;
  pipeline::Forecaster forecaster_;
};

}  // namespace engine::operate
