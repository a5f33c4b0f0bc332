#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/settings/read/checks/use_check.h"

namespace engine::settings {
namespace {

using model::CallKind;

using Pipelines = std::map<std::string, const ReadPipeline*>;

/// Whether the id of a record becomes known that others refer to.
enum class Ids : std::uint8_t {
  known,
  untold,  ///< answers to other calls tell ids, but not those to the call that writes the record
  none,
};

/// What answers to a kind of call tell, which an object may offer alone and in batches.
struct Telling {
  bool is_there = false;
  bool anywhere = false;
  bool always = true;
};

Telling telling_of(const ObjectDefinition& object, CallKind kind) {
  Telling telling;
  const auto note = [&](bool tells) {
    telling.is_there = true;
    telling.anywhere = telling.anywhere || tells;
    telling.always = telling.always && tells;
  };
  const auto call = object.calls.find(kind);
  if (call != object.calls.end()) {
    const auto base = call->second.as ? object.calls.find(*call->second.as) : call;
    note(base != object.calls.end() && !base->second.id.empty());
  }
  const auto batch = object.batch.find(kind);
  if (batch != object.batch.end()) note(batch->second.accounted_by.contains("id") || !batch->second.record_id.empty());
  return telling;
}

/// A `find` tells each id, at the price of a look-up. What else tells one are answers to the calls that write.
Ids ids_of(const Instance& instance, const PipelineDefinition& parent) {
  const auto connection = instance.targets.find(parent.target.connection);
  // Told elsewhere: a missing connection or object is no second problem here.
  if (connection == instance.targets.end()) return Ids::known;
  const auto& objects = connection->second.target.objects;
  auto object = objects.find(parent.target.object);
  if (object == objects.end()) object = objects.find("*");
  if (object == objects.end() || object->second.find) return Ids::known;
  const Telling create = telling_of(object->second, CallKind::create);
  const Telling upsert = telling_of(object->second, CallKind::upsert);
  // Where no answer tells any, the only match value stands for the id.
  if (!create.anywhere && !upsert.anywhere) return parent.target.match.size() == 1 ? Ids::known : Ids::none;
  if (parent.target.mode == WriteMode::update_only) return Ids::untold;
  const bool creates = create.is_there && (parent.target.mode == WriteMode::create_only || !upsert.is_there);
  return (creates ? create : upsert).always ? Ids::known : Ids::untold;
}

/// Whether what pipelines wait for can ever come.
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
    }
    for (const auto& [name, pipeline] : by_name_) {
      std::vector<const ReadPipeline*> way;
      look_for_cycles(*pipeline, way);
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
    const Ids ids = ids_of(instance_, parent);
    if (parent.target.connection != pipeline.definition.target.connection) {
      diagnostics_.error("depends.elsewhere", origin,
                         fmt::format("'{}' writes to '{}', but its parent '{}' to '{}'", pipeline.definition.name,
                                     pipeline.definition.target.connection, name, parent.target.connection),
                         "ids of one target mean nothing to another");
    } else if (ids == Ids::none) {
      diagnostics_.error("depends.no_id", origin,
                         fmt::format("records of '{}' have no id that could be referred to", name),
                         "let the target's definition tell an 'id', or match by one field");
    } else if (ids == Ids::untold) {
      diagnostics_.warning("depends.untold_id", origin,
                           fmt::format("what writes the records of '{}' tells no id: '{}' would wait for it in vain", name,
                                       pipeline.definition.name),
                           "let the target's definition tell an 'id' there, or give the object a 'find'");
    }
  }

  /// Every pipeline is entered once; one that is met again on the way to it closes a circle. `way` holds those above `at`.
  void look_for_cycles(const ReadPipeline& at, std::vector<const ReadPipeline*>& way) {
    if (!entered_.insert(&at).second) return;
    way.push_back(&at);
    on_way_.insert(&at);
    for (const std::string& name : at.definition.depends_on) {
      const auto next = by_name_.find(name);
      if (next == by_name_.end()) continue;
      on_way_.contains(next->second) ? tell_cycle(std::find(way.begin(), way.end(), next->second), way.end()) : look_for_cycles(*next->second, way);
    }
    on_way_.erase(&at);
    way.pop_back();
  }

  /// At the first pipeline of the circle by name, one circle each.
  void tell_cycle(std::vector<const ReadPipeline*>::const_iterator begin, std::vector<const ReadPipeline*>::const_iterator end) {
    std::vector<const ReadPipeline*> circle(begin, end);
    const auto by_name = [](const ReadPipeline* one, const ReadPipeline* other) { return one->definition.name < other->definition.name; };
    std::rotate(circle.begin(), std::min_element(circle.begin(), circle.end(), by_name), circle.end());
    if (!told_.insert(circle.front()).second) return;
    std::string names;
    for (const ReadPipeline* each : circle) names += each->definition.name + " -> ";
    names += circle.front()->definition.name;
    diagnostics_.error("depends.cycle", circle.front()->depends_on.front(), "these pipelines wait for each other: " + names,
                       "write one relation later, from the other side");
  }

  const Instance& instance_;
  Diagnostics& diagnostics_;
  Pipelines by_name_;
  std::set<const ReadPipeline*> entered_, on_way_, told_;
};

}  // namespace

void check_parents(const Instance& instance, const std::vector<ReadPipeline>& pipelines, Diagnostics& diagnostics) {
  ParentCheck(instance, pipelines, diagnostics).run();
}

}  // namespace engine::settings
