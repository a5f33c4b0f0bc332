#include "engine/pipeline/target_setup.h"

#include <algorithm>

#include "connectors/catalog/catalog.h"
#include "connectors/catalog/inquiries.h"

namespace engine::pipeline {

namespace {

/// It is asked again anyway, others wait behind it, and so does a daemon that is told to end.
constexpr std::int64_t condition_ms_max = 20'000;

}  // namespace

deliver::PipelineTarget pipeline_target(const settings::Instance& instance, const settings::PipelineDefinition& pipeline,
                                        const std::map<std::string, journal::PipelineRow>& rows) {
  const settings::TargetUse& use = pipeline.target;
  deliver::PipelineTarget target;
  target.name = pipeline.name;
  target.table = pipeline.table;
  target.hold_while = pipeline.hold_while;
  target.drift = pipeline.drift;
  target.on_delete = use.on_delete;
  target.on_delete_update = use.on_delete_update;
  target.on_dead_stops_lane = pipeline.on_dead_stops_lane;
  target.priority = pipeline.priority;
  target.mode = use.mode;
  target.whole_updates = use.whole_updates.value_or(false);
  target.wait_for_parent_ms = pipeline.wait_for_parent_ms;
  for (const std::string& name : pipeline.depends_on) {
    const auto parent = instance.pipelines.find(name);
    const auto row = rows.find(name);
    if (parent != instance.pipelines.end() && row != rows.end())
      target.parents.push_back({row->second.id, name, parent->second.table});
  }
  target.has_children = std::any_of(instance.pipelines.begin(), instance.pipelines.end(), [&](const auto& other) {
    const auto& depends_on = other.second.depends_on;
    return std::find(depends_on.begin(), depends_on.end(), pipeline.name) != depends_on.end();
  });
  return target;
}

std::map<std::int64_t, deliver::PipelineTarget> pipelines_of(const settings::Instance& instance, const std::string& connection,
                                                             const std::map<std::string, journal::PipelineRow>& rows) {
  std::map<std::int64_t, deliver::PipelineTarget> pipelines;
  for (const auto& [name, pipeline] : instance.pipelines) {
    const settings::TargetUse& target = pipeline.target;
    if (target.connection != connection) continue;
    pipelines.emplace(rows.at(name).id, pipeline_target(instance, pipeline, rows));
  }
  return pipelines;
}

std::unique_ptr<model::Inquiries> inquiries_of(const settings::Instance& instance, const Clock& clock) {
  std::map<std::string, connectors::catalog::MakeInquirer> asked;
  for (const auto& [name, pipeline] : instance.pipelines) {
    for (const settings::HoldWhile& condition : pipeline.hold_while) {
      settings::SourceConnection connection = instance.sources.at(condition.connection);
      connection.query_timeout_ms = std::min(connection.query_timeout_ms, condition_ms_max);
      const settings::DialectDefinition& dialect = instance.dialects.at(connection.dialect);
      asked.try_emplace(condition.connection, [connection, &dialect] { return connectors::catalog::make_inquirer(connection, dialect); });
    }
  }
  return asked.empty() ? nullptr : connectors::catalog::make_inquiries(std::move(asked), clock);
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
