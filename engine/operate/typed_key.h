// A key as a person types it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/model/layout.h"

namespace engine::operate {

/// One key in the three forms in which it is asked for.
struct TypedKey {
  std::string json;                ///< as the change log has it: ["C001"]
  std::string encoded;             ///< as the images' index has it
  std::vector<std::string> parts;  ///< one a key column, as a source is asked for it
};

/// One text a key column. Throws config_invalid naming the key's columns when they do not fit.
TypedKey typed_key(const model::Layout& layout, const std::string& table, std::span<const std::string> parts);

/// The same for a table as it was last read; refuses one that never was. A decimal is known by its value: 1.5 finds 1.50, and where neither
/// is known it stays as it was typed.
TypedKey typed_key(journal::Records& records, const std::string& table, std::span<const std::string> parts);

/// The same from one word: the value of a simple key, or a JSON array (["A01",7]) for keys of several columns.
TypedKey typed_key(journal::Records& records, const std::string& table, const std::string& word);
TypedKey typed_key(const model::Layout& layout, const std::string& table, const std::string& word);

}  // namespace engine::operate
