// YAML of goldens: values of the kinds that they are made of. A wrong one fails the test at its place.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "engine/model/fields.h"
#include "engine/settings/yaml_node.h"

namespace test_http {

engine::settings::YamlNode yaml_file(const std::string& path);

/// Fails for every key that is not among `keys`.
void demand_keys(const engine::settings::YamlNode& map, std::initializer_list<std::string_view> keys);

/// The text of a key, or `otherwise`.
std::string text_at(const engine::settings::YamlNode& map, std::string_view key, std::string otherwise = {});
std::map<std::string, std::string> texts_at(const engine::settings::YamlNode& map, std::string_view key);
std::vector<std::string> list_at(const engine::settings::YamlNode& map, std::string_view key);
/// Scalars by the core schema, lists of them, and `{ number: "1000.00" }` for a number with its digits.
engine::model::FieldMap fields_at(const engine::settings::YamlNode& map, std::string_view key);

}  // namespace test_http
