#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/settings/target/use_check.h"

namespace engine::settings {
namespace {

using model::CallKind;

using Pipelines = std::map<std::string, const ReadPipeline*>;

/// Whether an answer tells ids, or the only match value stands for one. What is written in C++ says so itself.
bool keeps_ids(const Instance& instance, const PipelineDefinition& parent) {
  const auto connection = instance.targets.find(parent.target.connection);
  if (connection == instance.targets.end()) return true;
  const auto& objects = connection->second.target.objects;
  auto object = objects.find(parent.target.object);
  if (object == objects.end()) object = objects.find("*");
  if (object == objects.end() || object->second.find || parent.target.match.size() == 1) return true;
  const auto tells = [&](CallKind kind) {
    const auto call = object->second.calls.find(kind);
    const auto batch = object->second.batch.find(kind);
    return (call != object->second.calls.end() && !call->second.id.empty()) ||
           (batch != object->second.batch.end() &&
            (batch->second.accounted_by.contains("id") || !batch->second.record_id.empty()));
  };
  return tells(CallKind::create) || tells(CallKind::upsert);
}

class ParentCheck {
 public:
  ParentCheck(const Instance& instance, const std::vector<ReadPipeline>& pipelines, Diagnostics& diagnostics)
      : instance_(instance), diagnostics_(diagnostics) {
    for (const ReadPipeline& pipeline : pipelines) by_name_.emplace(pipeline.definition.name, &pipeline);
  }

  void run() {
    for (const auto& [name, pipeline] : by_name_) {
      for (std::size_t i = 0; i < pipeline->definition.depends_on.size(); ++i)
        check(*pipeline, pipeline->definition.depends_on[i], pipeline->depends_on[i]);
      look_for_cycle(*pipeline);
    }
  }

 private:
  void check(const ReadPipeline& pipeline, const std::string& name, const Origin& origin) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      std::vector<std::string> known;
      for (const auto& [other, read] : by_name_) known.push_back(other);
      diagnostics_.error("reference.unknown", origin, fmt::format("no pipeline is called '{}'", name),
                         did_you_mean(name, known));
      return;
    }
    const PipelineDefinition& parent = found->second->definition;
    if (parent.target.connection != pipeline.definition.target.connection) {
      diagnostics_.error("depends.elsewhere", origin,
                         fmt::format("'{}' writes to '{}', but its parent '{}' to '{}'", pipeline.definition.name,
                                     pipeline.definition.target.connection, name, parent.target.connection),
                         "ids of one target mean nothing to another");
    } else if (!keeps_ids(instance_, parent)) {
      diagnostics_.error("depends.no_id", origin,
                         fmt::format("records of '{}' have no id that could be referred to", name),
                         "let the target's definition tell an 'id', or match by one field");
    }
  }

  /// Told once, at the first pipeline of the circle by name.
  void look_for_cycle(const ReadPipeline& start) {
    std::vector<std::string> way{start.definition.name};
    if (!leads_back(start.definition.name, start.definition, way)) return;
    if (*std::min_element(way.begin(), way.end()) != start.definition.name) return;
    way.push_back(start.definition.name);
    diagnostics_.error("depends.cycle", start.depends_on.front(),
                       fmt::format("these pipelines wait for each other: {}", fmt::join(way, " -> ")),
                       "write one relation later, from the other side");
  }

  bool leads_back(const std::string& start, const PipelineDefinition& at, std::vector<std::string>& way) const {
    for (const std::string& name : at.depends_on) {
      if (name == start) return true;
      const auto next = by_name_.find(name);
      if (next == by_name_.end() || std::find(way.begin(), way.end(), name) != way.end()) continue;
      way.push_back(name);
      if (leads_back(start, next->second->definition, way)) return true;
      way.pop_back();
    }
    return false;
  }

  const Instance& instance_;
  Diagnostics& diagnostics_;
  Pipelines by_name_;
};

}  // namespace

void check_parents(const Instance& instance, const std::vector<ReadPipeline>& pipelines, Diagnostics& diagnostics) {
  ParentCheck(instance, pipelines, diagnostics).run();
}

}  // namespace engine::settings
