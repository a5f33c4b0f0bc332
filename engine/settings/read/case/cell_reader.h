// Rows of a case: cells with the type that the way they are written says.
#pragma once

#include <vector>

#include "engine/settings/read/case/case_definition.h"

namespace engine::settings {

/// A row, or a list of rows; nothing: none.
std::vector<CaseRow> read_case_row_list(const YamlNode& value, const std::string& what, Diagnostics& diagnostics);

/// {table: row} or {table: [row, …]}.
std::vector<CaseRows> read_case_rows(const YamlNode& value, const std::string& what, Diagnostics& diagnostics);

/// {table: {column: "decimal(12,2)", other: text}}.
std::map<std::string, std::vector<model::Column>> read_case_columns(const YamlNode& value, Diagnostics& diagnostics);

}  // namespace engine::settings
