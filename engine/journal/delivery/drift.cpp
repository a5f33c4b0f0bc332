#include "engine/journal/delivery/drift.h"

#include <algorithm>

#include "engine/base/error.h"

namespace engine::journal {

using model::FieldMap;
using model::FieldScalar;
using model::FieldValue;

namespace {

std::optional<FieldValue> value_in(const FieldMap& part, const char* name) {
  const auto found = part.find(name);
  return found == part.end() ? std::nullopt : std::optional(found->second);
}

void put(FieldMap& fields, const std::string& name, const std::optional<FieldValue>& value) {
  if (value) {
    fields[name] = *value;
  } else {
    fields.erase(name);
  }
}

DriftedField field_of(const FieldValue& value) {
  const auto* scalar = std::get_if<FieldScalar>(&value);
  const auto* part = scalar == nullptr ? nullptr : std::get_if<model::JsonText>(scalar);
  if (part == nullptr) throw Error(ErrorCode::journal_failed, "the journal holds a delivery whose drift is no map of fields");
  const FieldMap read = model::fields_from_json(part->json);
  return {value_in(read, "sent"), value_in(read, "there"), value_in(read, "wanted"), read.contains("kept")};
}

}  // namespace

Drift::Drift(const std::optional<std::string>& json) {
  if (!json) return;
  for (const auto& [name, value] : model::fields_from_json(*json)) fields_.emplace(name, field_of(value));
}

bool Drift::keeps_any() const {
  return std::any_of(fields_.begin(), fields_.end(), [](const auto& each) { return each.second.kept; });
}

bool Drift::asks_a_person() const {
  return std::any_of(fields_.begin(), fields_.end(), [](const auto& each) { return !each.second.kept; });
}

std::string Drift::names(bool kept) const {
  std::string names;
  for (const auto& [name, field] : fields_) {
    if (field.kept == kept) names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

void Drift::leave(FieldMap& fields) const {
  for (const auto& [name, field] : fields_) {
    if (field.kept) put(fields, name, field.there);
  }
}

std::string Drift::as_sent(const std::string& fields) const {
  FieldMap sent = model::fields_from_json(fields);
  for (const auto& [name, field] : fields_) {
    if (field.kept) put(sent, name, field.sent);
  }
  return model::fields_json(sent);
}

std::optional<std::string> Drift::json() const {
  if (fields_.empty()) return std::nullopt;
  FieldMap all;
  for (const auto& [name, field] : fields_) {
    FieldMap one;
    if (field.kept) one["kept"] = FieldScalar(true);
    put(one, "sent", field.sent);
    put(one, "there", field.there);
    put(one, "wanted", field.wanted);
    all[name] = FieldScalar(model::JsonText{model::fields_json(one)});
  }
  return model::fields_json(all);
}

}  // namespace engine::journal
