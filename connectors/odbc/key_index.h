// Whether an index serves ORDER BY over the key, asked through ODBC's catalogue functions.
#pragma once

#include <string>

#include "connectors/odbc/session.h"
#include "engine/model/layout.h"

namespace connectors::odbc {

/// The parts of "catalog.schema.table", quotes taken off; names without quotes are folded as the server keeps them.
struct TableName {
  std::string catalog, schema, table;
};
TableName split_table_name(const std::string& from, const engine::settings::DialectDefinition& dialect, Session::NameCase name_case);

/// True when the primary key or an index starts with the key's columns in their order. False when the driver does not tell.
bool key_is_indexed(Session& session, const std::string& from, const engine::model::Layout& layout);

}  // namespace connectors::odbc
