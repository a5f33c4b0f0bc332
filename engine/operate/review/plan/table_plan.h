// The part of a plan that is of one table: its recorded changes are read once for all its pipelines.
#pragma once

#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/operate/review/plan/plan.h"
#include "engine/operate/review/plan/sameness.h"

namespace engine::operate {

/// One pipeline today and in the edited folder; null where there is none.
struct PipelinePair {
  const settings::PipelineDefinition* now = nullptr;
  const settings::PipelineDefinition* then = nullptr;
  const settings::PipelineDefinition& any() const { return then != nullptr ? *then : *now; }
  const std::string& table() const { return any().table; }
};

struct PlanSurroundings {
  const settings::Instance& now;
  const settings::Instance& then;
  const Sameness& sameness;
  journal::Records& records;
  const PlanOptions& options;
  std::int64_t since_ms;
  std::int64_t now_ms;
};

struct TablePlan {
  std::int64_t changes = 0;
  std::vector<PipelinePlan> pipelines;
};

/// `done`: changes of other tables, for whoever is told how far it is.
TablePlan plan_table(const PlanSurroundings& surroundings, const std::string& table, const std::vector<PipelinePair>& pairs, std::int64_t done);

}  // namespace engine::operate
