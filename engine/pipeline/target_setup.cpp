#include "engine/pipeline/target_setup.h"

namespace engine::pipeline {

std::map<std::int64_t, deliver::PipelineTarget> pipelines_of(const settings::Instance& instance, const std::string& connection,
                                                             const std::map<std::string, journal::PipelineRow>& rows) {
  std::map<std::int64_t, deliver::PipelineTarget> pipelines;
  for (const auto& [name, pipeline] : instance.pipelines) {
    const settings::TargetUse& target = pipeline.target;
    if (target.connection != connection) continue;
    pipelines.emplace(rows.at(name).id, deliver::PipelineTarget{name, target.on_delete, target.on_delete_update,
                                                                pipeline.on_dead_stops_lane, pipeline.priority});
  }
  return pipelines;
}

deliver::DispatcherOptions dispatcher_options(const settings::TargetConnection& connection) {
  deliver::DispatcherOptions options;
  options.connection = connection.name;
  options.in_flight = connection.limits.requests_at_once();
  options.budgets = connection.limits.budgets;
  options.dry_run = connection.dry_run;
  return options;
}

}  // namespace engine::pipeline
