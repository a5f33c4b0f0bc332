#include "test/connectors/http/golden/golden_yaml.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace test_http {

using namespace engine::model;
using namespace engine::settings;

namespace {

const YamlNode* map_at(const YamlNode& map, std::string_view key) {
  const YamlNode* value = map.find(key);
  if (value != nullptr && !value->is_map()) FAIL_CHECK(value->origin().text() << ": '" << key << "' must be a map");
  return value;
}

FieldValue field_value(const YamlNode& value) {
  if (value.is_sequence()) {
    std::vector<FieldScalar> list;
    for (const YamlNode& item : value.items()) list.push_back(core_scalar(item));
    return list;
  }
  if (!value.is_map()) return core_scalar(value);
  demand_keys(value, {"number"});
  return FieldScalar(NumberText{text_at(value, "number")});
}

}  // namespace

YamlNode yaml_file(const std::string& path) {
  Diagnostics diagnostics;
  const auto root = read_yaml_file(path, std::filesystem::path(path).filename().string(), diagnostics);
  for (const Diagnostic& problem : diagnostics.all()) FAIL_CHECK(path << ": " << diagnostic_text(problem));
  REQUIRE_MESSAGE(root.has_value(), path << " cannot be read");
  return *root;
}

void demand_keys(const YamlNode& map, std::initializer_list<std::string_view> keys) {
  for (const YamlEntry& entry : map.entries()) {
    if (std::find(keys.begin(), keys.end(), entry.key) == keys.end()) {
      FAIL_CHECK(entry.origin.text() << ": a golden knows no key '" << entry.key << "' here");
    }
  }
}

std::string text_at(const YamlNode& map, std::string_view key, std::string otherwise) {
  const YamlNode* value = map.find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_scalar()) FAIL_CHECK(value->origin().text() << ": '" << key << "' must be a text");
  return value->text();
}

std::map<std::string, std::string> texts_at(const YamlNode& map, std::string_view key) {
  std::map<std::string, std::string> texts;
  const YamlNode* value = map_at(map, key);
  if (value == nullptr) return texts;
  for (const YamlEntry& entry : value->entries()) texts[entry.key] = entry.value.text();
  return texts;
}

std::vector<std::string> list_at(const YamlNode& map, std::string_view key) {
  std::vector<std::string> list;
  const YamlNode* value = map.find(key);
  if (value == nullptr) return list;
  if (value->is_scalar()) return {value->text()};
  for (const YamlNode& item : value->items()) list.push_back(item.text());
  return list;
}

FieldMap fields_at(const YamlNode& map, std::string_view key) {
  FieldMap fields;
  const YamlNode* value = map_at(map, key);
  if (value == nullptr) return fields;
  for (const YamlEntry& entry : value->entries()) fields[entry.key] = field_value(entry.value);
  return fields;
}

}  // namespace test_http
