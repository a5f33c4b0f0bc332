// References: what a mapping writes where the id of another record shall stand, which is known only when its turn comes.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/fields.h"

namespace engine::model {

/// The record that a pipeline's row with this key has at the target.
struct Reference {
  std::string pipeline;
  std::vector<std::string> key;  ///< as texts; the table's layout says what they are
  auto operator<=>(const Reference&) const = default;
};

/// The text that stands for it, alone or inside a longer one: remote_id ["companies","C001"] between U+0002 and U+0003,
/// which no source means as text.
std::string reference_text(std::string_view pipeline, std::span<const std::string_view> key);
/// The same, to be a number once it is known. `text` is one reference and nothing else; else none.
std::optional<std::string> number_reference(std::string_view text);

/// Cheap: whether the JSON of fields may hold references.
bool may_hold_references(std::string_view fields_json);

using IdOf = std::function<std::optional<std::string>(const Reference&)>;
/// Replaces each reference in `fields` by its id; what `id_of` does not know stays.
void put_in_ids(FieldMap& fields, const IdOf& id_of);

/// A record of another pipeline in a message: companies ["C001"].
std::string shown(std::string_view pipeline, std::string_view key_json);

}  // namespace engine::model
