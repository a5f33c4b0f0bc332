#include "engine/settings/schema/json_schema.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "engine/base/error.h"
#include "engine/settings/schema/keys.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {
namespace {

namespace json = boost::json;

/// Where a variable may stand in for a value of another type.
constexpr const char* placeholder = R"(\$\{)";

struct FileKind {
  std::string kind;
  std::vector<const Block*> blocks;  ///< the file is one of them
  bool is_whole = true;              ///< required keys are required: a fragment is never whole
};

const std::vector<FileKind>& file_kinds() {
  static const std::vector<FileKind> kinds{
      {"instance", {&instance_block()}},
      {"connection", {&source_block(), &csv_block(), &target_connection_block()}},
      {"table", {&table_block()}},
      {"pipeline", {&pipeline_block()}},
      {"case", {&case_block()}},
      {"fragment", {&table_block(), &pipeline_block(), &source_block(), &csv_block(), &target_connection_block()}, false},
      {"environment", {&environment_block()}},
      {"target_definition", {&target_definition_block()}},
      {"dialect", {&dialect_block()}}};
  return kinds;
}

std::string id_of(const Block& block) {
  std::string id = block.name;
  std::replace(id.begin(), id.end(), ' ', '_');
  return id;
}

json::object typed(json::array types) { return {{"type", std::move(types)}}; }

json::object pattern(const std::string& own) {
  return {{"type", "string"}, {"pattern", "^(" + own + "|.*" + placeholder + ".*)$"}};
}

json::object map_of_values(json::value value) {
  return {{"type", "object"}, {"additionalProperties", std::move(value)}};
}

json::object value_or_list(const json::object& value) {
  return {{"anyOf", json::array{value, json::object{{"type", "array"}, {"items", value}}}}};
}

/// One schema with its definitions: each block stands there once.
class SchemaWriter {
 public:
  explicit SchemaWriter(bool requires_keys) : requires_keys_(requires_keys) {}

  json::object reference(const Block& block) {
    const std::string id = id_of(block);
    if (!definitions_.contains(id)) {
      definitions_[id] = nullptr;  // the place in the order of first use
      definitions_[id] = of_block(block);
    }
    return {{"$ref", "#/definitions/" + id}};
  }

  json::object& definitions() { return definitions_; }

 private:
  json::object of_block(const Block& block) {
    json::object properties;
    json::array required;
    bool may_use_fragments = false;
    for (const Key& key : block.keys) {
      properties[key.name] = of_key(key);
      if (key.required) required.emplace_back(key.name);
      may_use_fragments = may_use_fragments || std::string_view(key.name) == "use";
    }
    json::object schema{{"type", "object"},
                        {"description", block.about},
                        {"properties", std::move(properties)},
                        {"additionalProperties", false}};
    if (!requires_keys_ || required.empty()) return schema;
    if (!may_use_fragments) {
      schema["required"] = std::move(required);
      return schema;
    }
    // What a fragment says need not stand in the file.
    schema["if"] = json::object{{"required", json::array{"use"}}};
    schema["else"] = json::object{{"required", std::move(required)}};
    return schema;
  }

  json::object of_key(const Key& key) {
    json::object schema = key.later ? json::object{} : of_value(key);
    schema["description"] = key.about;
    if (key.later) schema["deprecationMessage"] = "not available in this version: `datapicker check` refuses it";
    if (*key.fallback != '\0') {
      Diagnostics none;
      const auto fallback = parse_yaml(key.fallback, "fallback", none);
      schema["default"] = fallback ? json::parse(json_of(*fallback)) : json::value(key.fallback);
    }
    return schema;
  }

  json::object of_value(const Key& key) {
    return key.choices.empty() ? of_type(key) : of_choices(key);
  }

  json::object of_type(const Key& key) {
    const json::object scalar = typed({"string", "number", "boolean"});
    const json::object constant = typed({"string", "number", "boolean", "null"});
    switch (key.type) {
      case KeyType::text:
      case KeyType::sql:
        return key.type == KeyType::sql ? constant : scalar;
      case KeyType::boolean:
        return {{"type", json::array{"boolean", "string"}}, {"pattern", placeholder}};
      case KeyType::integer:
        return {{"type", json::array{"integer", "string"}}, {"pattern", placeholder}};
      case KeyType::number:
        return {{"type", json::array{"number", "string"}}, {"pattern", placeholder}};
      case KeyType::duration:
        return pattern("[0-9]+(ms|s|m|h|d)");
      case KeyType::size:
        return pattern("[0-9]+(B|[KMGT]B|[KMG]iB)");
      case KeyType::address:
        return pattern(".+:[0-9]+");
      case KeyType::texts:
        return value_or_list(scalar);
      case KeyType::text_map:
        return map_of_values(constant);
      case KeyType::fields:
      case KeyType::constants:
        return map_of_values(value_or_list(constant));
      case KeyType::statuses:
        return value_or_list(json::object{{"type", "integer"}});
      case KeyType::block:
        return reference(*key.block);
      case KeyType::named:
        return map_of_values(reference(*key.block));
      case KeyType::list:
        return {{"type", "array"}, {"items", reference(*key.block)}};
      case KeyType::anything:
        return {};
    }
    return {};
  }

  json::object of_choices(const Key& key) {
    json::array words;
    for (const char* choice : key.choices) words.emplace_back(choice);
    json::array forms{json::object{{"enum", std::move(words)}}, json::object{{"type", "string"}, {"pattern", placeholder}}};
    if (key.type != KeyType::text && key.type != KeyType::block) forms.push_back(of_type(key));
    if (key.block != nullptr) forms.push_back(reference(*key.block));
    return {{"anyOf", std::move(forms)}};
  }

  bool requires_keys_;
  json::object definitions_;
};

/// Indented, so that a change of one key is a change of few lines.
void append_indented(const json::value& value, const std::string& indent, std::string& text) {
  const std::string inner = indent + "  ";
  if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
    text += "{\n";
    for (const auto& entry : *object) {
      text += inner + json::serialize(entry.key()) + ": ";
      append_indented(entry.value(), inner, text);
      text += &entry == &*std::prev(object->end()) ? "\n" : ",\n";
    }
    text += indent + "}";
  } else {
    text += json::serialize(value);
  }
}

}  // namespace

const std::vector<std::string>& schema_kinds() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const FileKind& file : file_kinds()) all.push_back(file.kind);
    return all;
  }();
  return names;
}

std::string json_schema(std::string_view kind) {
  const auto& kinds = file_kinds();
  const auto file = std::find_if(kinds.begin(), kinds.end(), [&](const FileKind& each) { return each.kind == kind; });
  ENGINE_ASSERT(file != kinds.end());
  SchemaWriter writer(file->is_whole);
  json::object schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "Datapicker: " + file->kind}};
  json::array forms;
  for (const Block* block : file->blocks) forms.push_back(writer.reference(*block));
  if (forms.size() == 1)
    schema["allOf"] = std::move(forms);
  else
    schema["anyOf"] = std::move(forms);
  schema["definitions"] = std::move(writer.definitions());
  std::string text;
  append_indented(schema, "", text);
  return text + "\n";
}

}  // namespace engine::settings
