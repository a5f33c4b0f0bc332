#include "engine/settings/read/pipeline/pipeline_reader.h"

#include <fmt/format.h>

#include <set>

#include "engine/settings/map_reader.h"
#include "engine/settings/read/connection_reader.h"
#include "engine/settings/read/sql_text.h"

namespace engine::settings {
namespace {

/// Marks a field as written. A field has one place: under `map`, `set` or `values`; and it is a value or holds others,
/// not both.
void claim_field(ReadPipeline& pipeline, const std::string& field, const Origin& origin, Diagnostics& diagnostics) {
  const auto [first, is_new] = pipeline.fields.try_emplace(field, origin);
  if (!is_new) {
    diagnostics.error("field.twice", origin, fmt::format("the field '{}' is written twice", field),
                      fmt::format("it is already written at {}; keep one of them", first->second.text()));
    return;
  }
  for (std::size_t dot = field.find('.'); dot != std::string::npos; dot = field.find('.', dot + 1)) {
    const auto outer = pipeline.fields.find(field.substr(0, dot));
    if (outer == pipeline.fields.end()) continue;
    diagnostics.error("field.nested", origin,
                      fmt::format("'{}' cannot be a field inside '{}', which is a value itself", field, outer->first));
  }
  const auto inner = pipeline.fields.lower_bound(field + ".");
  if (inner != pipeline.fields.end() && inner->first.starts_with(field + ".")) {
    diagnostics.error("field.nested", origin,
                      fmt::format("'{}' cannot be a value, since it holds the field '{}'", field, inner->first));
  }
}

void claim_keys(ReadPipeline& pipeline, const YamlNode& map, Diagnostics& diagnostics) {
  for (const YamlEntry& entry : map.entries()) claim_field(pipeline, entry.key, entry.origin, diagnostics);
}

/// `otherwise: dead_letter` is what happens without it; null is a value here, and not a missing one.
void read_otherwise(MapReader& reader, ValuesDefinition& values) {
  const YamlNode* otherwise = reader.take_any("otherwise");
  if (otherwise == nullptr || (otherwise->is_plain() && otherwise->text() == "dead_letter")) return;
  if (!otherwise->is_scalar()) {
    refuse_kind(*otherwise, reader.named("otherwise"), "dead_letter, null or a value", reader.diagnostics());
  } else if (otherwise->is_null()) {
    values.otherwise = Otherwise::null;
  } else {
    values.otherwise = Otherwise::value;
    values.otherwise_value = core_scalar(*otherwise);
  }
}

ValuesDefinition read_enumeration(const YamlEntry& entry, Diagnostics& diagnostics) {
  MapReader reader(entry.value, enumeration_block(), fmt::format("'{}' of values", entry.key), diagnostics);
  ValuesDefinition values;
  values.field = entry.key;
  if (const YamlNode* of = reader.require("of")) {
    if (auto expression = read_expression(*of, reader.named("of"), diagnostics)) values.of = std::move(*expression);
  }
  if (const YamlNode* in = reader.require("in")) {
    if (!in->is_map() || in->entries().empty())
      refuse_kind(*in, reader.named("in"), "a map of values to values", diagnostics);
    // A key is the text as it is written: 01 is not 1. Its value is a constant.
    for (const YamlEntry& value : in->entries()) {
      if (value.value.is_scalar())
        values.in[value.key] = core_scalar(value.value);
      else
        refuse_kind(value.value, fmt::format("'{}' in {}", value.key, reader.named("in")), "a constant", diagnostics);
    }
  }
  read_otherwise(reader, values);
  reader.finish();
  return values;
}

void read_values(const YamlNode& value, ReadPipeline& pipeline, Diagnostics& diagnostics) {
  if (!value.is_map()) refuse_kind(value, "'values' of the pipeline", "a map", diagnostics);
  for (const YamlEntry& entry : value.entries()) {
    if (!check_field_name(entry.key, entry.origin, diagnostics)) continue;
    pipeline.definition.values.push_back(read_enumeration(entry, diagnostics));
  }
  claim_keys(pipeline, value, diagnostics);
}

std::set<std::string>* fields_of_type(const std::string& type, PipelineDefinition& definition) {
  if (type == "number") return &definition.number_fields;
  if (type == "json") return &definition.json_fields;
  return type == "text" ? &definition.text_fields : nullptr;
}

/// A decimal is text unless its field is named here: then its digits go out as a number.
void read_types(const YamlNode& value, ReadPipeline& pipeline, Diagnostics& diagnostics) {
  if (!value.is_map()) refuse_kind(value, "types", "a map", diagnostics);
  std::vector<std::string> written;
  for (const auto& [field, origin] : pipeline.fields) written.push_back(field);
  for (const YamlEntry& entry : value.entries()) {
    if (!entry.value.is_scalar()) {
      refuse_kind(entry.value, fmt::format("'{}' of types", entry.key), "number, json or text", diagnostics);
    } else if (std::set<std::string>* fields = fields_of_type(entry.value.text(), pipeline.definition)) {
      fields->insert(entry.key);
    } else {
      diagnostics.error("value.unknown", entry.value.origin(),
                        fmt::format("'{}' of types is '{}', but must be number, json or text", entry.key, entry.value.text()),
                        did_you_mean(entry.value.text(), std::vector<std::string>{"number", "json", "text"}));
    }
    if (pipeline.fields.contains(entry.key)) continue;
    diagnostics.error("reference.unknown", entry.origin, fmt::format("the pipeline writes no field '{}'", entry.key),
                      did_you_mean(entry.key, written));
  }
}

void read_fields_of(MapReader& reader, ReadPipeline& pipeline) {
  Diagnostics& diagnostics = reader.diagnostics();
  PipelineDefinition& definition = pipeline.definition;
  if (const YamlNode* map = reader.take("map")) {
    definition.map = read_fields(*map, "map", diagnostics);
    for (const YamlEntry& entry : map->entries()) {
      // What a comma tore off an expression is no field; read_fields has told of it.
      if (!entry.value.is_null() || !entry.value.text().empty())
        claim_field(pipeline, entry.key, entry.origin, diagnostics);
    }
  }
  if (const YamlNode* set = reader.take("set")) {
    definition.set = read_constants(*set, "set", diagnostics);
    claim_keys(pipeline, *set, diagnostics);
  }
  if (const YamlNode* values = reader.take("values")) read_values(*values, pipeline, diagnostics);
  if (const YamlNode* types = reader.take("types")) read_types(*types, pipeline, diagnostics);
  const bool writes = reader.has("map") || reader.has("set") || reader.has("values");
  if (reader.is_map() && !writes) {
    diagnostics.error("key.missing", definition.origin, "the pipeline writes no field",
                      "add 'map:' with a field and its expression");
  }
}

/// A transaction of which one part has expired would arrive as half of it.
void read_together(MapReader& reader, PipelineDefinition& definition) {
  const bool together = definition.deliver == DeliverPolicy::together;
  definition.together_max = static_cast<std::size_t>(reader.integer("together_max", static_cast<std::int64_t>(definition.together_max), 2, 10'000));
  const char* const key = together ? "valid_for" : "together_max";
  const YamlNode* value = reader.node().find(key);
  if (value == nullptr) return;
  reader.diagnostics().error("key.conflict", value->origin(), fmt::format("'{}' has no meaning {} 'deliver: together'", key, together ? "with" : "without"),
                             together ? "remove it: of a transaction all parts arrive" : "remove it");
}

/// A message that waited too long is worse than none, so messages must say how long they are good for.
void read_delivery(MapReader& reader, PipelineDefinition& definition) {
  const YamlNode* deliver = reader.node().find("deliver");
  definition.deliver = reader.one_of("deliver", DeliverPolicy::latest,
                                     {{"latest", DeliverPolicy::latest}, {"every_change", DeliverPolicy::every_change}, {"together", DeliverPolicy::together}});
  if (deliver != nullptr) definition.deliver_origin = deliver->origin();
  read_together(reader, definition);
  definition.valid_for_ms = reader.duration_ms("valid_for", 0, 1'000);
  if (definition.deliver == DeliverPolicy::every_change && !reader.has("valid_for")) {
    reader.diagnostics().error(
        "key.missing", deliver->origin(), "'deliver: every_change' needs 'valid_for'",
        "add 'valid_for: 4h': what waited longer is not sent, so that a weekend offline texts nobody on Monday");
  }
  definition.on_dead_stops_lane = reader.one_of("on_dead", false, {{"continue", false}, {"stop_lane", true}});
  definition.priority = reader.one_of("priority", Priority::normal,
                                      {{"high", Priority::high}, {"normal", Priority::normal}, {"low", Priority::low}});
  definition.owns_rows = reader.one_of("owner", false, {{"rows", true}});
}

Origin place_of(const YamlNode& map, const char* key) {
  const YamlNode* value = map.find(key);
  return value == nullptr ? map.origin() : value->origin();
}

/// Each name with its place, so that a misspelt one is told where it stands.
void read_parents(MapReader& reader, const YamlNode& root, ReadPipeline& pipeline) {
  PipelineDefinition& definition = pipeline.definition;
  definition.depends_on = reader.texts("depends_on");
  const YamlNode* written = root.find("depends_on");
  for (std::size_t i = 0; i < definition.depends_on.size(); ++i) {
    const bool own_place = written->is_sequence() && i < written->items().size();
    pipeline.depends_on.push_back(own_place ? written->items()[i].origin() : written->origin());
  }
  definition.wait_for_parent_ms = reader.duration_ms("wait_for_parent", definition.wait_for_parent_ms, 1'000);
}

}  // namespace

ReadPipeline read_pipeline(const YamlNode& root, const std::string& folder, Diagnostics& diagnostics) {
  MapReader reader(root, pipeline_block(), "the pipeline", diagnostics);
  ReadPipeline pipeline;
  PipelineDefinition& definition = pipeline.definition;
  definition.origin = root.origin();
  definition.name = reader.required_text("pipeline");
  if (!definition.name.empty() && definition.name != folder) {
    diagnostics.error("name.mismatch", place_of(root, "pipeline"),
                      fmt::format("the pipeline '{}' stands in the folder '{}'", definition.name, folder),
                      fmt::format("write 'pipeline: {}', or rename the folder", folder));
  }
  check_name(definition.name, place_of(root, "pipeline"), diagnostics);
  definition.renamed_from = reader.text("renamed_from");
  definition.table = reader.required_text("table");
  pipeline.renamed_from = place_of(root, "renamed_from");
  pipeline.table = place_of(root, "table");
  read_parents(reader, root, pipeline);
  if (const YamlNode* where = reader.take("where"))
    definition.where = read_expression(*where, reader.named("where"), diagnostics);
  read_fields_of(reader, pipeline);
  definition.omit_nulls = reader.one_of("nulls", false, {{"send", false}, {"omit", true}});
  read_delivery(reader, definition);
  if (const YamlNode* guard = reader.take("guard")) read_guard(*guard, pipeline, diagnostics);
  if (const YamlNode* target = reader.require("target")) read_target_use(*target, pipeline, diagnostics);
  reader.finish();
  return pipeline;
}

}  // namespace engine::settings
