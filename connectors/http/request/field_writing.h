// How values of an object's fields are written: what a mapping gives becomes what the target takes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/fields.h"
#include "engine/settings/target_definition.h"

namespace connectors::http {

/// Read from the definition once. `values: text` is for APIs that take properties as strings alone, as HubSpot does
/// (its published contract).
class FieldWriting {
 public:
  FieldWriting() = default;
  explicit FieldWriting(const engine::settings::ObjectDefinition& object);

  bool empty() const { return exact_.empty() && prefixes_.empty() && !values_as_text_; }
  /// Throws Error config_invalid, naming the field, for a value that is none of the field's type. NULL stays NULL, and an
  /// empty text is one where the type is not text.
  void apply(engine::model::FieldMap& fields) const;

 private:
  const engine::settings::FieldDefinition* field_of(std::string_view name) const;

  std::map<std::string, engine::settings::FieldDefinition, std::less<>> exact_;
  std::vector<std::pair<std::string, engine::settings::FieldDefinition>> prefixes_;
  bool values_as_text_ = false;
};

/// Milliseconds since 1970 UTC of "2024-01-31", "2024-01-31 10:20:30.5", "…T10:20:30+01:00"; a time without a zone counts as
/// UTC. nullopt: no such time.
std::optional<std::int64_t> epoch_ms_of(std::string_view text);

}  // namespace connectors::http
