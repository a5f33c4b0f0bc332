// What the planner does for pipelines with `deliver: together`.
#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/pipeline/planning/planner.h"

namespace engine::pipeline {

// While a cycle is open, more of a transaction may come. The first reading goes row by row: nothing is at the target that could be torn apart.
PlanningPage Planner::next_together(journal::Records& records, Follower& follower, std::size_t limit) {
  const journal::PipelineRow& row = follower.row;
  const auto cycle_id = records.changes.cycle_after(row.table_id, row.position);
  if (!cycle_id) return {};
  const auto cycle = records.cycles.find(*cycle_id);
  if (cycle && cycle->kind == "snapshot") {
    PlanningPage page;
    page.changes = records.changes.after(row.table_id, row.position, limit);
    page.is_last = page.changes.size() < limit;
    if (std::erase_if(page.changes, [&](const model::Change& change) { return change.cycle_id != *cycle_id; }) > 0) page.is_last = false;
    return page;
  }
  if (cycle && cycle->state == "open") return {};
  if (!follower.cycle || !follower.cycle->is_behind(row.position)) follower.cycle.emplace(records, row, *cycle_id, follower.definition.together_max);
  return follower.cycle->next(records, limit);
}

void Planner::advance_cycle(Follower& follower, const PlanningPage& page, std::optional<std::int64_t> bundle_id) {
  if (page.ends_cycle) follower.cycle.reset();
  else follower.cycle->advance(page, bundle_id);
  for (const TogetherGroup& group : page.groups) {
    if (!group.apart || group.planned > 0) continue;
    count("datapicker_transactions_apart_total", {{"pipeline", follower.row.name}});
    log_event(LogLevel::warning, "pipeline.transaction_apart",
              {{"pipeline", follower.row.name}, {"transaction", group.transaction}, {"changes", std::to_string(group.size)},
               {"together_max", std::to_string(follower.definition.together_max)}});
  }
}

}  // namespace engine::pipeline
