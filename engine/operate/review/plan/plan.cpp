#include "engine/operate/review/plan/plan.h"

#include <algorithm>
#include <set>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/text/durations.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/review/plan/table_plan.h"

namespace engine::operate {

namespace {

using Pipelines = std::map<std::string, settings::PipelineDefinition>;

const settings::PipelineDefinition* find(const Pipelines& pipelines, const std::string& name) {
  const auto found = pipelines.find(name);
  return found == pipelines.end() ? nullptr : &found->second;
}

/// Today's pipeline that the edited one is: by its name, or by the one it had.
const settings::PipelineDefinition* counterpart(const Pipelines& now, const settings::PipelineDefinition& then) {
  const auto* same = find(now, then.name);
  if (same == nullptr && !then.renamed_from.empty()) same = find(now, then.renamed_from);
  return same != nullptr && same->table == then.table ? same : nullptr;
}

std::vector<PipelinePair> pairs_of(const settings::Instance& now, const settings::Instance& then, const std::string& wanted) {
  std::vector<PipelinePair> pairs;
  std::set<const settings::PipelineDefinition*> met;
  std::vector<std::string> names;
  for (const auto& [name, pipeline] : then.pipelines) {
    names.push_back(name);
    const auto* same = counterpart(now.pipelines, pipeline);
    met.insert(same);
    if (wanted.empty() || wanted == name) pairs.push_back({same, &pipeline});
  }
  for (const auto& [name, pipeline] : now.pipelines) {
    names.push_back(name);
    if (!met.contains(&pipeline) && (wanted.empty() || wanted == name)) pairs.push_back({&pipeline, nullptr});
  }
  if (pairs.empty() && !wanted.empty()) refuse_unknown("pipeline", wanted, names);
  return pairs;
}

}  // namespace

std::int64_t PipelinePlan::number(DifferenceKind kind) const {
  const auto found = differences.find(kind);
  return found == differences.end() ? 0 : found->second;
}

bool PipelinePlan::differs() const {
  const auto moved = [](const auto& counted) { return counted.second.now != counted.second.then; };
  const auto words = [](const std::vector<PastHold>& spoken) {
    std::vector<std::string> texts;
    for (const PastHold& hold : spoken) texts.push_back(hold.text);
    return texts;
  };
  return !differences.empty() || std::ranges::any_of(calls, moved) || std::ranges::any_of(rules, moved) || holds.now != holds.then ||
         merged.now != merged.then || flip_flops.now != flip_flops.then ||
         words(holds_now) != words(holds_then);
}

bool Plan::differs() const {
  return std::ranges::any_of(pipelines, [](const PipelinePlan& each) { return each.differs(); });
}

std::string_view name_of(PipelinePlan::Known known) {
  switch (known) {
    case PipelinePlan::Known::both: return "both";
    case PipelinePlan::Known::only_then: return "new";
    case PipelinePlan::Known::only_now: break;
  }
  return "gone";
}

Plan plan(const PlanOptions& options) {
  const settings::Instance now = load_valid_instance(options.instance, false);
  const settings::Instance then = load_valid_instance(options.edited, false);
  const Sameness sameness(options.instance, options.edited);
  journal::ReadOnlyJournal journal(now.journal_path);
  const std::int64_t now_ms = system_clock().wall_ms();
  Plan result{.days = options.days, .since_ms = now_ms - options.days * day_ms};
  std::map<std::string, std::vector<PipelinePair>> by_table;
  for (const PipelinePair& pair : pairs_of(now, then, options.pipeline)) by_table[pair.table()].push_back(pair);
  const PlanSurroundings surroundings{now, then, sameness, *journal, options, result.since_ms, now_ms};
  for (const auto& [table, pairs] : by_table) {
    TablePlan of_table = plan_table(surroundings, table, pairs, result.changes);
    result.changes += of_table.changes;
    std::ranges::move(of_table.pipelines, std::back_inserter(result.pipelines));
  }
  std::ranges::sort(result.pipelines, {}, &PipelinePlan::pipeline);
  return result;
}

}  // namespace engine::operate
