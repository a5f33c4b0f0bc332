#include "engine/deliver/read_back.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace engine::deliver {

using model::FieldMap;
using model::FieldScalar;
using model::FieldValue;

namespace {

struct TextOf {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const {
    char buffer[40];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
  }
  std::string operator()(const model::NumberText& value) const { return value.digits; }
  std::string operator()(const model::JsonText& value) const { return value.json; }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(bool value) const { return value ? "1" : "0"; }
};

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool means_the_same(const std::string& sent, const std::string& there) {
  if (sent == there) return true;
  const auto number = number_of(sent);
  return number && number == number_of(there);
}

/// A value as a sorted list of texts, without empty ones.
std::vector<std::string> texts_of(const FieldValue& value) {
  std::vector<std::string> texts;
  const auto add = [&texts](const FieldScalar& scalar) {
    std::string text = std::visit(TextOf{}, scalar);
    if (!text.empty()) texts.push_back(std::move(text));
  };
  if (const auto* scalar = std::get_if<FieldScalar>(&value)) {
    add(*scalar);
  } else {
    for (const FieldScalar& each : std::get<std::vector<FieldScalar>>(value)) add(each);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

/// A field that is absent holds nothing: the same as one that was sent empty.
bool holds(const FieldMap& there, const std::string& name, const FieldValue& sent) {
  const auto found = there.find(name);
  const std::vector<std::string> wanted = texts_of(sent);
  if (found == there.end()) return wanted.empty();
  if (found->second == sent) return true;
  const std::vector<std::string> held = texts_of(found->second);
  return std::equal(wanted.begin(), wanted.end(), held.begin(), held.end(), means_the_same);
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

}  // namespace engine::deliver
