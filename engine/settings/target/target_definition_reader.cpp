#include "engine/settings/target/target_definition_reader.h"

#include <fmt/format.h>

#include "engine/settings/map_reader.h"
#include "engine/settings/target/answers_reader.h"
#include "engine/settings/target/auth_reader.h"
#include "engine/settings/target/limits_reader.h"
#include "engine/settings/target/object_reader.h"
#include "engine/settings/target/options.h"

namespace engine::settings {
namespace {

/// Options with their defaults; `key:` without a value must be given by the connection.
std::map<std::string, std::string> read_options(const YamlNode& map, Diagnostics& diagnostics) {
  std::map<std::string, std::string> options;
  if (!map.is_map()) refuse_kind(map, "'options'", "a map of names to defaults", diagnostics);
  for (const YamlEntry& entry : map.entries()) {
    if (!entry.value.is_scalar())
      refuse_kind(entry.value, fmt::format("'{}' of options", entry.key), "a text", diagnostics);
    options.emplace(entry.key, entry.value.is_null() ? "" : entry.value.text());
  }
  return options;
}

void read_objects(const YamlNode& map, TargetDefinition& definition, Diagnostics& diagnostics) {
  if (!map.is_map()) return refuse_kind(map, "'objects'", "a map of objects", diagnostics);
  for (const YamlEntry& entry : map.entries()) {
    ObjectDefinition& object = definition.objects[entry.key];
    object.name = entry.key;
    read_object(entry.value, object, diagnostics);
  }
}

/// The object whose requests a connection may write; null pointer, and a problem, where the definition has fixed its
/// own.
ObjectDefinition* open_object(const YamlNode& at, TargetDefinition& definition, Diagnostics& diagnostics) {
  const auto found = definition.objects.find("*");
  if (found != definition.objects.end()) return &found->second;
  diagnostics.error(
      "key.unknown", at.origin(),
      fmt::format("the target '{}' has its own requests, which a connection cannot change", definition.name),
      "copy the definition into the instance's targets/ folder under another name and change it there");
  return nullptr;
}

/// Only what the definition declares: a misspelt option would be sent as its default.
void merge_options(const YamlNode& map, TargetDefinition& definition, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const auto& [name, fallback] : definition.options) known.push_back(name);
  if (!map.is_map()) refuse_kind(map, "'options'", "a map", diagnostics);
  for (const YamlEntry& entry : map.entries()) {
    const auto option = definition.options.find(entry.key);
    if (option == definition.options.end()) {
      const std::string near = nearest(entry.key, known);
      diagnostics.error("key.unknown", entry.origin,
                        fmt::format("the target '{}' has no option '{}'", definition.name, entry.key),
                        near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    } else if (!entry.value.is_scalar()) {
      refuse_kind(entry.value, fmt::format("'{}' of options", entry.key), "a text", diagnostics);
    } else {
      option->second = entry.value.text();
    }
  }
}

/// For calls that do not say it themselves, batches included.
void merge_repeat_safe(const YamlNode& value, ObjectDefinition& object, Diagnostics& diagnostics) {
  const model::FieldScalar scalar = value.is_scalar() ? core_scalar(value) : model::FieldScalar{};
  const bool* flag = std::get_if<bool>(&scalar);
  if (flag == nullptr) return refuse_kind(value, "'repeat_safe'", "true or false", diagnostics);
  for (auto& [kind, call] : object.calls) {
    if (!call.repeat_safe) call.repeat_safe = *flag;
  }
  object.repeat_safe = *flag;
}

}  // namespace

std::optional<TargetDefinition> read_target_definition(const YamlNode& root, Diagnostics& diagnostics) {
  // Problems of other files do not spoil this one.
  const std::size_t problems_before = diagnostics.all().size();
  MapReader reader(root, target_definition_block(), "the target definition", diagnostics);
  TargetDefinition definition;
  definition.origin = root.origin();
  definition.name = reader.required_text("target");
  definition.about = reader.text("about");
  reader.text_map("example");  // shown to people, by who has the file itself
  definition.proved = reader.named_texts("proved");
  if (const YamlNode* options = reader.take("options")) definition.options = read_options(*options, diagnostics);
  definition.headers = reader.headers("headers");
  if (const YamlNode* auth = reader.take("auth")) definition.auth = read_auth_definition(*auth, diagnostics);
  definition.nulls_as_empty_text = reader.one_of("nulls", false, {{"keep", false}, {"empty_text", true}});
  definition.webhook = reader.one_of("webhook", WebhookFormat::none,
                                     {{"none", WebhookFormat::none}, {"whatsapp_cloud", WebhookFormat::whatsapp_cloud}});
  if (const YamlNode* objects = reader.require("objects")) read_objects(*objects, definition, diagnostics);
  if (const YamlNode* answers = reader.take("answers")) definition.answers = read_answers(*answers, diagnostics);
  if (const YamlNode* limits = reader.take("limits")) definition.limits = read_limits(*limits, diagnostics);
  reader.finish();
  for (std::size_t i = problems_before; i < diagnostics.all().size(); ++i) {
    if (diagnostics.all()[i].level == Diagnostic::Level::error) return std::nullopt;
  }
  return definition;
}

void merge_connection_requests(const YamlNode& connection_map, TargetDefinition& definition, Diagnostics& diagnostics) {
  if (const YamlNode* requests = connection_map.find("requests")) {
    if (ObjectDefinition* object = open_object(*requests, definition, diagnostics))
      read_object(*requests, *object, diagnostics);
  }
  if (const YamlNode* batch = connection_map.find("batch")) {
    if (ObjectDefinition* object = open_object(*batch, definition, diagnostics))
      read_batches(*batch, *object, diagnostics);
  }
  if (const YamlNode* repeat_safe = connection_map.find("repeat_safe")) {
    if (ObjectDefinition* object = open_object(*repeat_safe, definition, diagnostics)) {
      merge_repeat_safe(*repeat_safe, *object, diagnostics);
    }
  }
  if (const YamlNode* options = connection_map.find("options")) merge_options(*options, definition, diagnostics);
  const auto open = definition.objects.find("*");
  if (open != definition.objects.end() && open->second.calls.empty() && open->second.batch.empty()) {
    diagnostics.error("key.missing", connection_map.origin(),
                      fmt::format("the target '{}' needs the requests of this API", definition.name),
                      "add requests: { upsert: { method: …, path: …, body: fields } }");
  }
  apply_options(definition, diagnostics);
}

}  // namespace engine::settings
