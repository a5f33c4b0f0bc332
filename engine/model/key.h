// Keys in their two forms: ordered bytes for the index of row images, JSON text for people and for the change log.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/row.h"

namespace engine::model {

/// A key as bytes whose memcmp order is numeric for integers, chronological for dates and times, and byte order for text and binary.
/// Decimals and reals compare as text: still unique, only not in numeric order. Composite keys compare part by part.
/// NULL in a key is refused by the reader before (source_bad_data).
void encode_key(const Layout& layout, RowView row, std::string& into);

/// `["C001",7]`: integers as numbers, binary as base64, all else as strings.
std::string key_json(const Layout& layout, RowView row);

/// The key that a person typed, one text a part, as `key_json` would write it; nullopt when the number of parts or a
/// part's type does not fit. `columns` are the key's columns.
std::optional<std::string> key_json_of(const Layout& layout, std::span<const std::string> parts);

/// The encoded key of such parts. They must be what `key_json_of` takes.
std::string encoded_key_of(const Layout& layout, std::span<const std::string> parts);
/// The parts of a `key_json`, as texts.
std::vector<std::string> key_parts(std::string_view key_json);
/// The parts of such a key as cells of a row (binary as its bytes); nullopt as above.
std::optional<std::vector<std::string>> key_cells_of(const Layout& layout, std::span<const std::string> parts);

/// A key exactly as the source gave it (blanks of padded CHARs included), to be bound again: one text a part.
struct SourceKey {
  std::vector<std::string> parts;
  bool operator==(const SourceKey&) const = default;
};
/// A cell of a key column as a part of a SourceKey: binary as hexadecimal digits, all else as it is.
std::string source_key_part(ColumnType type, std::string_view cell);
/// As checkpoints keep it: exact, whatever the bytes. The reading throws Error journal_failed for anything else.
std::string source_key_json(const SourceKey& key);
SourceKey source_key_from_json(std::string_view json);

}  // namespace engine::model
