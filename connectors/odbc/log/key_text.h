// A row's key as one text: how a trigger writes it, how it is read back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/layout.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

/// The dialect's expression for the key of the row that `row` ("OLD.", "NEW.") names: the parts as text, | between them, ~ and | inside
/// them written ~0 and ~1. That takes nothing but REPLACE of a database, and a person can read it.
std::string key_expression(const engine::model::Layout& layout, const engine::settings::DialectDefinition& dialect, std::string_view row);

/// The same of values that are here.
std::string text_of_key(const std::vector<std::string>& parts);

/// The parts of such a text; nullopt when it is none.
std::optional<std::vector<std::string>> parts_of_key(std::string_view text);

}  // namespace connectors::odbc
