#include "engine/operate/cases/value_check.h"

#include <boost/json.hpp>

namespace engine::operate {

namespace json = boost::json;
using settings::YamlEntry;
using settings::YamlNode;

namespace {

bool same_number(const json::value& came, double expected) {
  if (!came.is_number()) return false;
  return came.to_number<double>() == expected;
}

/// By YAML's core schema: what looks like a number is one, and a quoted one is a text.
bool same_scalar(const YamlNode& expected, const json::value& came) {
  const model::FieldScalar scalar = settings::core_scalar(expected);
  if (std::holds_alternative<std::monostate>(scalar)) return came.is_null();
  if (const auto* flag = std::get_if<bool>(&scalar)) return came.is_bool() && came.get_bool() == *flag;
  if (const auto* whole = std::get_if<std::int64_t>(&scalar)) {
    return came.is_int64() ? came.get_int64() == *whole : same_number(came, static_cast<double>(*whole));
  }
  if (const auto* real = std::get_if<double>(&scalar)) return same_number(came, *real);
  if (const auto* digits = std::get_if<model::NumberText>(&scalar)) return json::serialize(came) == digits->digits;
  return came.is_string() && came.get_string() == std::get<std::string>(scalar);
}

std::string without_blanks(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string text_of(const json::value& value) {
  return without_blanks(value.is_string() ? std::string(value.get_string()) : json::serialize(value));
}

}  // namespace

/// Differences are told where the expectation is written, at the deepest place that differs.
void check_value(const YamlNode& expected, const json::value& came, const std::string& name, bool exact,
                 std::vector<CaseProblem>& problems) {
  const auto differs = [&] { problems.push_back({expected.origin(), name, settings::json_of(expected), json::serialize(came)}); };
  if (expected.is_scalar()) {
    if (!same_scalar(expected, came)) differs();
  } else if (expected.is_sequence()) {
    if (!came.is_array() || came.get_array().size() != expected.items().size()) return differs();
    for (std::size_t i = 0; i < expected.items().size(); ++i) {
      check_value(expected.items()[i], came.get_array()[i], name + "[" + std::to_string(i) + "]", exact, problems);
    }
  } else {
    if (!came.is_object()) return differs();
    for (const YamlEntry& entry : expected.entries()) {
      const std::string member = name + "." + entry.key;
      const json::value* value = came.get_object().if_contains(entry.key);
      if (value != nullptr)
        check_value(entry.value, *value, member, exact, problems);
      else
        problems.push_back({entry.origin, member, settings::json_of(entry.value), "nothing"});
    }
    for (const auto& member : came.get_object()) {
      if (!exact || expected.find(member.key()) != nullptr) continue;
      problems.push_back({expected.origin(), name + "." + std::string(member.key()), "nothing", json::serialize(member.value())});
    }
  }
}

bool is_key(const YamlNode& expected, const std::string& key) {
  const json::value parts = json::parse(key);
  const std::size_t size = expected.is_scalar() ? 1 : expected.items().size();
  if (parts.get_array().size() != size) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const YamlNode& part = expected.is_scalar() ? expected : expected.items()[i];
    if (without_blanks(part.text()) != text_of(parts.get_array()[i])) return false;
  }
  return true;
}

}  // namespace engine::operate
