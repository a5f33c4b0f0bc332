// What a definition says of an object's fields.
#include <fmt/format.h>

#include "engine/settings/target/object_reader.h"

namespace engine::settings {
namespace {

/// How a field is written, and by whom. Without a `type` its values go out as the mapping gives them.
FieldDefinition read_field(const YamlEntry& entry, Diagnostics& diagnostics) {
  MapReader reader(entry.value, field_block(), fmt::format("the field '{}'", entry.key), diagnostics);
  FieldDefinition field;
  field.type = reader.one_of("type", FieldType::any,
                             {{"text", FieldType::text},
                              {"integer", FieldType::integer},
                              {"number", FieldType::number},
                              {"boolean", FieldType::boolean},
                              {"date", FieldType::date},
                              {"datetime", FieldType::datetime},
                              {"choices", FieldType::choices}});
  field.form = reader.one_of("write", TimeForm::iso,
                             {{"iso", TimeForm::iso},
                              {"iso_ms", TimeForm::iso_ms},
                              {"epoch_ms", TimeForm::epoch_ms},
                              {"epoch_s", TimeForm::epoch_s}});
  field.join = reader.text("join");
  field.required = reader.boolean("required", false);
  field.read_only = reader.boolean("read_only", false);
  reader.finish();
  const bool is_time = field.type == FieldType::date || field.type == FieldType::datetime;
  if (reader.has("write") && !is_time) {
    diagnostics.error("key.conflict", entry.value.find("write")->origin(),
                      fmt::format("'write' of the field '{}' belongs to the types date and datetime", entry.key));
  }
  if (!field.join.empty() && field.type != FieldType::choices) {
    diagnostics.error("key.conflict", entry.value.find("join")->origin(),
                      fmt::format("'join' of the field '{}' belongs to the type choices", entry.key));
  }
  return field;
}

}  // namespace

void read_object_fields(MapReader& reader, ObjectDefinition& object) {
  object.values_as_text = reader.one_of("values", false, {{"typed", false}, {"text", true}});
  object.warns_of_others = reader.one_of("other_fields", false, {{"accept", false}, {"warn", true}});
  const YamlNode* fields = reader.take("fields");
  if (fields == nullptr) return;
  if (!fields->is_map()) return refuse_kind(*fields, "'fields' of the object", "a map of fields", reader.diagnostics());
  for (const YamlEntry& entry : fields->entries()) object.fields[entry.key] = read_field(entry, reader.diagnostics());
}

}  // namespace engine::settings
