// Nested tables of a case's documents: their columns, and their rows as one cell.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/model/layout.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/read/case/case_definition.h"
#include "engine/settings/table_definition.h"

namespace engine::operate {

/// Columns of the nested tables, in their order: from the case's `columns:` under `quotes.lines`, else from the way their values are written; then
/// those that hold the key of the row they belong to, as that row has it. `root` has its key. Throws Error config_invalid for a key column that is in
/// none of them.
std::vector<model::Column> nested_columns(const settings::CaseDefinition& definition, const settings::TableDefinition& table,
                                          const model::Layout& root);

/// The canonical form that a driver would make of a value; nullopt: NULL. Throws Error config_invalid, with its place, for one that does not fit the
/// column.
std::optional<std::string> case_value(const settings::CaseCell& cell, const model::Column& column, settings::CharPadding padding);

[[noreturn]] void refuse_cell(const settings::CaseCell& cell, const std::string& table, const model::Layout& layout);

struct CaseParent {
  const model::Layout& layout;
  const std::vector<std::optional<std::string>>& cells;
};

/// The rows of a nested table as its column holds them. What a row does not say of the key of the row it belongs to, it has from there.
std::string case_rows(const settings::TableDefinition& table, const settings::CaseCell& cell, const model::Column& column, const CaseParent& parent,
                      settings::CharPadding padding);

}  // namespace engine::operate
