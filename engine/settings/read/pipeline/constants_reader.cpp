// Constants under `set:` and `update:`: plain YAML, no SQL.
#include <fmt/format.h>

#include "engine/settings/map_reader.h"
#include "engine/settings/read/pipeline/pipeline_reader.h"
#include "engine/settings/read/sql_text.h"

namespace engine::settings {
namespace {

/// What YAML makes of a constant, with a warning where that is rarely meant.
model::FieldScalar read_constant(const YamlNode& value, const std::string& named, Diagnostics& diagnostics) {
  const std::string& text = value.text();
  const model::FieldScalar scalar = core_scalar(value);
  const bool is_number =
      std::holds_alternative<std::int64_t>(scalar) || std::holds_alternative<model::NumberText>(scalar);
  if (is_number && text.size() > 1 && text[0] == '0' && text.find_first_not_of("0123456789") == std::string::npos) {
    diagnostics.warning("value.leading_zero", value.origin(),
                        fmt::format("{} is a number: its leading zeros are lost", named),
                        fmt::format("write \"{}\" for the text", text));
  }
  if (value.style() == YamlNode::Style::double_quoted && text.size() > 2 && text.front() == '\'' &&
      text.back() == '\'') {
    diagnostics.warning("value.quotes_kept", value.origin(),
                        fmt::format("{} is a constant, not SQL: the quotes are sent with it", named),
                        fmt::format("write {}", text.substr(1, text.size() - 2)));
  }
  return scalar;
}

}  // namespace

model::FieldMap read_constants(const YamlNode& value, const std::string& what, Diagnostics& diagnostics) {
  model::FieldMap constants;
  if (!value.is_map()) refuse_kind(value, what, "a map of fields to constants", diagnostics);
  for (const YamlEntry& entry : value.entries()) {
    const std::string named = fmt::format("'{}' of {}", entry.key, what);
    if (!check_field_name(entry.key, entry.origin, diagnostics)) continue;
    if (entry.value.is_map()) {
      diagnostics.error("value.type", entry.origin,
                        fmt::format("{} is a map, but must be a constant or a list of them", named),
                        fmt::format("name the nested field with a dot: '{}.{}'", entry.key,
                                    entry.value.entries().empty() ? "x" : entry.value.entries()[0].key));
    } else if (entry.value.is_sequence()) {
      std::vector<model::FieldScalar> list;
      for (const YamlNode& item : entry.value.items()) {
        if (item.is_scalar())
          list.push_back(read_constant(item, "an item of " + named, diagnostics));
        else
          refuse_kind(item, "an item of " + named, "a constant", diagnostics);
      }
      constants[entry.key] = std::move(list);
    } else {
      constants[entry.key] = read_constant(entry.value, named, diagnostics);
    }
  }
  return constants;
}

}  // namespace engine::settings
