#include "engine/deliver/drift.h"

#include <algorithm>

#include "engine/model/read_back.h"

namespace engine::deliver {

using model::FieldMap;
using settings::OnDrift;

namespace {

std::optional<model::FieldValue> value_of(const FieldMap& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

Overwritten overwritten(const FieldMap& written, const FieldMap& last_sent, const DriftRules& rules, bool is_let_go) {
  Overwritten fields;
  for (const auto& [name, on_drift] : rules) {
    const bool is_free = on_drift == OnDrift::overwrite || (on_drift == OnDrift::hold && is_let_go);
    const auto wanted = written.find(name);
    if (is_free || wanted == written.end()) continue;
    fields.sent[name] = value_of(last_sent, name).value_or(model::FieldScalar{});
    fields.wanted[name] = wanted->second;
  }
  return fields;
}

journal::Drift drifted(const Overwritten& fields, const FieldMap& last_sent, const FieldMap& there, const DriftRules& rules) {
  const std::vector<std::string> not_wanted = model::refused_fields(fields.wanted, there);
  journal::Drift drift;
  for (const std::string& name : model::refused_fields(fields.sent, there)) {
    if (std::find(not_wanted.begin(), not_wanted.end(), name) == not_wanted.end()) continue;
    drift.add(name, {.sent = value_of(last_sent, name),
                     .there = value_of(there, name),
                     .wanted = value_of(fields.wanted, name),
                     .kept = rules.at(name) == OnDrift::keep});
  }
  return drift;
}

}  // namespace engine::deliver
