// Checks of an expression's shape, before SQLite sees it: that it is one expression that cannot break out of the
// parentheses it is put into, and that it asks for nothing that a mapping must not depend on.
#pragma once

#include "engine/map/check/finding.h"
#include "engine/map/check/lexer.h"
#include "engine/model/layout.h"

namespace engine::map {

/// Which records of other pipelines an expression may ask for.
struct AllowedReferences {
  const std::vector<std::string>* parents = nullptr;  ///< null: it stands where none may
};

/// Findings with errors mean: do not hand this to SQLite.
Findings check_shape(const std::vector<Token>& tokens, const model::Layout& layout, AllowedReferences references);

/// "did you mean 'x'?" for the candidate nearest to `name` without regard to case, or empty.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);
std::vector<std::string> column_names(const model::Layout& layout);
/// With those of nested tables.
std::vector<std::string> all_column_names(const model::Layout& layout);
/// Of nested tables, however deep.
std::vector<std::string> table_names(const model::Layout& layout);

}  // namespace engine::map
