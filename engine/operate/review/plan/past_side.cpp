#include "engine/operate/review/plan/past_side.h"

#include "engine/guard/flip_flop.h"
#include "engine/operate/review/unconnected.h"
#include "engine/pipeline/planning/columns/column_use.h"
#include "engine/pipeline/target_setup.h"

namespace engine::operate {

using pipeline::Effect;
using pipeline::Forecast;

namespace {

const map::Mapped* mapped_of(const map::MapOutcome& outcome) { return std::get_if<map::Mapped>(&outcome); }

const map::Mapped* mapped_before(const PastOutcome& outcome) { return outcome.was ? mapped_of(*outcome.was) : nullptr; }

bool equal_records(const map::Mapped& one, const map::Mapped& other) { return one.match == other.match && one.fields == other.fields; }

}  // namespace

std::string_view name_of(PastCall call) {
  switch (call) {
    case PastCall::none: return "none";
    case PastCall::create: return "create";
    case PastCall::update: return "update";
    case PastCall::delete_: return "delete";
    case PastCall::kept_back: return "kept_back";
    case PastCall::failed: break;
  }
  return "failed";
}

// Without the journal's records a forecast depends on nothing that changes from run to run: ids of other records, above all, stay as the
// mapping names them, on both sides of a comparison.
PastSide::PastSide(const settings::Instance& instance, const settings::PipelineDefinition& pipeline, std::unique_ptr<map::Mapper> mapper)
    : pipeline_(pipeline),
      connection_(instance.targets.at(pipeline.target.connection)),
      mapper_(std::move(mapper)),
      target_(unconnected(connection_)),
      forecaster_(pipeline, pipeline::pipeline_target(instance, pipeline, {}), *target_, nullptr, "plan", 0) {}

std::unique_ptr<PastSide> PastSide::make(const settings::Instance& instance, const settings::PipelineDefinition& pipeline,
                                         const model::Layout& layout, settings::Diagnostics& diagnostics) {
  std::unique_ptr<map::Mapper> mapper = map::Mapper::compile(pipeline, layout, diagnostics);
  if (!mapper) return nullptr;
  return std::unique_ptr<PastSide>(new PastSide(instance, pipeline, std::move(mapper)));
}

map::MapOutcome PastSide::map_after(const PastRow& row) {
  return mapper_->map({.after = row.after, .before = row.before, .time_ms = row.time_ms});
}

// What was sent before was of another moment: a mapping that asks for the time, or for the row before, gives something else each time.
std::optional<map::MapOutcome> PastSide::map_before(const PastRow& row) {
  if (!row.before || is_every_change()) return std::nullopt;
  return mapper_->map({.after = row.before, .before = std::nullopt, .time_ms = row.time_ms - 1});
}

bool PastSide::asks_for_the_moment() const {
  return pipeline::names_column(pipeline_, "old") || pipeline::names_column(pipeline_, "change_time") || pipeline::names_column(pipeline_, "changed");
}

const settings::GuardRule* PastSide::broken_rule(const PastOutcome& outcome) const {
  const map::Mapped* is = mapped_of(outcome.is);
  return is == nullptr || !is->broken_rule ? nullptr : &pipeline_.rules[*is->broken_rule];
}

PastCall PastSide::call_of(const PastOutcome& outcome) const {
  if (std::holds_alternative<map::Failed>(outcome.is)) return PastCall::failed;
  const map::Mapped* was = mapped_before(outcome);
  const map::Mapped* is = mapped_of(outcome.is);
  if (is == nullptr) {
    const bool leaves = was != nullptr && pipeline_.target.on_delete != settings::OnDelete::ignore;
    return leaves ? PastCall::delete_ : PastCall::none;
  }
  if (was != nullptr && equal_records(*was, *is) && !is->comment) return PastCall::none;
  if (is->broken_rule) return PastCall::kept_back;
  return was == nullptr ? PastCall::create : PastCall::update;
}

Forecast PastSide::forecast(const PastRow& row, const PastOutcome& outcome) {
  return forecaster_.of_past(row.change.key, outcome.was ? &*outcome.was : nullptr, outcome.is);
}

PastCall PastSide::call_of(const PastOutcome& outcome, const Forecast& forecast) const {
  switch (forecast.what) {
    case Forecast::What::create: return PastCall::create;
    case Forecast::What::update: return PastCall::update;
    case Forecast::What::delete_: return PastCall::delete_;
    case Forecast::What::failed: return PastCall::failed;
    default: return call_of(outcome) == PastCall::kept_back ? PastCall::kept_back : PastCall::none;
  }
}

std::optional<PastMove> PastSide::move_of(const PastOutcome& outcome) const {
  if (!pipeline_.settle.is_on() && !pipeline_.flip_flop.is_on()) return std::nullopt;
  const auto state = [this](const map::Mapped* record) {
    return std::hash<std::string>{}(record == nullptr ? std::string() : guard::state_of(pipeline_.flip_flop, true, record->match, record->fields));
  };
  return PastMove{state(mapped_before(outcome)), state(mapped_of(outcome.is))};
}

Effect PastSide::effect_of(const PastRow& row, const PastOutcome& outcome) const {
  const settings::GuardRule* rule = broken_rule(outcome);
  if (rule != nullptr && rule->action != settings::GuardRule::Action::hold) return Effect::none;
  const map::Mapped* was = mapped_before(outcome);
  const map::Mapped* is = mapped_of(outcome.is);
  if (is == nullptr) return was != nullptr && std::holds_alternative<map::Left>(outcome.is) ? Effect::remove : Effect::none;
  if (is_every_change()) return row.before ? Effect::update : Effect::create;
  if (was != nullptr) return equal_records(*was, *is) ? Effect::none : Effect::update;
  // Whoever has a table delivered from the start has announced all its rows.
  return row.change.operation == model::Operation::snapshot ? Effect::none : Effect::create;
}

}  // namespace engine::operate
