#include "engine/settings/read/checks/use_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace engine::settings {
namespace {

using model::CallKind;

void lacks(const Origin& origin, const ReadPipeline& pipeline, std::string_view what, std::string suggestion,
           Diagnostics& diagnostics) {
  const TargetUse& use = pipeline.definition.target;
  diagnostics.error("target.lacks", origin, fmt::format("the target '{}' {} '{}'", use.connection, what, use.object),
                    std::move(suggestion));
}

bool offers(const ObjectDefinition& object, CallKind kind) {
  return object.calls.contains(kind) || object.batch.contains(kind);
}

/// Whether what an update carries can be less than the whole record.
bool carries_changes(const ObjectDefinition& object) {
  for (const CallKind kind : {CallKind::update, CallKind::upsert}) {
    const auto batch = object.batch.find(kind);
    if (batch != object.batch.end() && batch->second.record.find("changed_fields") != std::string::npos) return true;
    const auto call = object.calls.find(kind);
    if (call == object.calls.end()) continue;
    const CallDefinition* definition = &call->second;
    if (definition->as && object.calls.contains(*definition->as)) definition = &object.calls.at(*definition->as);
    if (definition->request.body.find("changed_fields") != std::string::npos) return true;
  }
  return false;
}

}  // namespace

void check_writing(const ObjectDefinition& object, const ReadPipeline& pipeline, Diagnostics& diagnostics) {
  const TargetUse& use = pipeline.definition.target;
  // Where a find proves that nothing is there, an upsert creates: `deliver/decision.cpp` does the same.
  const bool looks_first = object.find && offers(object, CallKind::upsert);
  if (use.mode == WriteMode::create_only && !offers(object, CallKind::create) && !looks_first) {
    lacks(pipeline.mode, pipeline, "cannot create without touching what is there:", "say mode: upsert", diagnostics);
  }
  if (use.mode == WriteMode::update_only && !offers(object, CallKind::update)) {
    lacks(pipeline.mode, pipeline, "cannot update without making what is not there:", "say mode: upsert", diagnostics);
  }
  if (use.whole_updates == false && !carries_changes(object)) {
    lacks(pipeline.updates, pipeline, "takes only whole records of", "say updates: whole", diagnostics);
  }
  if (!use.associations.empty() && !offers(object, CallKind::associate)) {
    const auto& first = use.associations.front();
    lacks(first.expressions.empty() ? use.origin : first.expressions.front().origin, pipeline,
          "relates no records to", "an id may also be a field: write it under `map:`", diagnostics);
  }
}

void check_drift(const ObjectDefinition& object, const ReadPipeline& pipeline, Diagnostics& diagnostics) {
  if (pipeline.drift.empty()) return;
  const TargetUse& use = pipeline.definition.target;
  const Origin& first = pipeline.drift.begin()->second;
  if (use.mode == WriteMode::create_only) {
    diagnostics.error("key.conflict", first, "'drift' has no meaning with 'mode: create_only': nothing is overwritten", "remove one of the two");
  } else if (!offers(object, CallKind::update) && !offers(object, CallKind::upsert)) {
    lacks(first, pipeline, "never overwrites a record of", "remove drift", diagnostics);
  } else if (!object.read_back) {
    lacks(first, pipeline, "does not tell what it holds of", "give the object a 'read_back' (docs/guides/add_an_api.md), or remove drift", diagnostics);
  } else {
    for (const std::string& hidden : object.read_back->write_only) {
      const auto field = pipeline.drift.find(hidden);
      if (field == pipeline.drift.end()) continue;
      diagnostics.error("target.lacks", field->second, fmt::format("the target '{}' never shows what '{}' holds: nobody can tell that it drifted", use.connection, hidden),
                        "remove it from drift");
    }
  }
}

const FieldDefinition* field_of(const ObjectDefinition& object, const std::string& name) {
  if (const auto exact = object.fields.find(name); exact != object.fields.end()) return &exact->second;
  for (const auto& [pattern, field] : object.fields) {
    if (pattern.ends_with('*') && name.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1)))
      return &field;
  }
  return nullptr;
}

void check_fields(const ObjectDefinition& object, const ReadPipeline& pipeline, Diagnostics& diagnostics) {
  const TargetUse& use = pipeline.definition.target;
  std::vector<std::string> known;
  for (const auto& [name, field] : object.fields) known.push_back(name);
  // Written by the match, by the definition itself, or by the pipeline.
  std::set<std::string> given;
  for (const FieldExpression& field : use.match) given.insert(field.field);
  for (const CallKind kind : {CallKind::create, CallKind::upsert}) {
    const auto call = object.calls.find(kind);
    if (call == object.calls.end()) continue;
    for (const auto& [name, value] : call->second.set) given.insert(name);
  }
  for (const auto& [name, origin] : pipeline.fields) {
    given.insert(name);
    const FieldDefinition* field = field_of(object, name);
    if (field != nullptr && field->read_only) {
      diagnostics.error("field.read_only", origin,
                        fmt::format("'{}' of '{}' is set by the target itself", name, use.object), "remove it");
    } else if (field == nullptr && object.warns_of_others) {
      diagnostics.warning("field.unknown", origin, fmt::format("the target's '{}' has no field '{}'", use.object, name),
                          did_you_mean(name, known));
    }
  }
  // Only what makes a record must give what the target demands of a new one.
  if (use.mode == WriteMode::update_only) return;
  for (const auto& [name, field] : object.fields) {
    if (!field.required || given.contains(name)) continue;
    diagnostics.error("field.required", use.origin,
                      fmt::format("the target makes no '{}' without '{}'", use.object, name),
                      fmt::format("write '{}' under `map:` or `set:`", name));
  }
}

}  // namespace engine::settings
