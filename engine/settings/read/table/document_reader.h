// Reads the `document:` of a table: its root, and the tables nested in it.
#pragma once

#include "engine/settings/diagnostics.h"
#include "engine/settings/table_definition.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// One SELECT that is read inside another one. Empty when it is none.
std::string read_query(const YamlNode& value, const std::string& named, Diagnostics& diagnostics);

/// Fills the table's request. Nested tables may stand in any order; the request has each behind the one it belongs to.
void read_document(const YamlNode& value, TableDefinition& table, Diagnostics& diagnostics);

/// `column: lines.ts_mod` of a watermark: lets the nested table tell it. And `mode: tail`: each table must log the root's key.
void fit_capture(TableDefinition& table, Diagnostics& diagnostics);

}  // namespace engine::settings
