#include "engine/model/read_back.h"

namespace engine::model {

namespace {

/// As the journal writes it: a number is the same number, whatever it was made of.
std::string text_of(const FieldValue& value) { return fields_json({{"x", value}}); }

bool is_nothing(const FieldValue& value) {
  const auto* scalar = std::get_if<FieldScalar>(&value);
  if (scalar == nullptr) return std::get<std::vector<FieldScalar>>(value).empty();
  const auto* text = std::get_if<std::string>(scalar);
  return std::holds_alternative<std::monostate>(*scalar) || (text != nullptr && text->empty());
}

/// A field that is absent holds nothing: the same as one that was sent empty.
bool holds(const FieldMap& there, const std::string& name, const FieldValue& sent) {
  const auto found = there.find(name);
  if (found == there.end()) return is_nothing(sent);
  return found->second == sent || text_of(found->second) == text_of(sent);
}

}  // namespace

std::vector<std::string> refused_fields(const FieldMap& sent, const FieldMap& there) {
  std::vector<std::string> refused;
  for (const auto& [name, value] : sent) {
    if (!holds(there, name, value)) refused.push_back(name);
  }
  return refused;
}

FieldMap held_fields(const FieldMap& wanted, const std::vector<std::string>& refused, const FieldMap& there) {
  FieldMap held = wanted;
  for (const std::string& name : refused) {
    const auto found = there.find(name);
    if (found == there.end()) {
      held.erase(name);
    } else {
      held[name] = found->second;
    }
  }
  return held;
}

}  // namespace engine::model
