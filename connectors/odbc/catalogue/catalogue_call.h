// ODBC's catalogue functions as rows of text: SQLTables, SQLPrimaryKeys, SQLStatistics.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/odbc/session.h"

namespace connectors::odbc {

/// The parts of "catalog.schema.table", quotes taken off; names without quotes are folded as the server keeps them.
struct TableName {
  std::string catalog, schema, table;
};
TableName split_table_name(const std::string& from, const engine::settings::DialectDefinition& dialect, Session::NameCase name_case);

enum class CatalogueFunction { tables, primary_keys, statistics };

/// The given result columns (from 1, in rising order: a driver may want them read so) of at most `limit` rows; NULL is empty. An empty
/// part of the name limits nothing. A driver that refuses gives no rows: what it does not tell, nobody relies on. Throws
/// source_unreachable and source_busy: asked again, it may answer.
std::vector<std::vector<std::string>> call_catalogue(Session& session, CatalogueFunction function, const TableName& name,
                                                     const std::vector<unsigned short>& columns, std::size_t limit = 100'000);

struct IndexColumns {
  std::string name;
  bool primary = false;
  bool unique = false;
  std::vector<std::string> columns;
};

/// The primary key first, then indexes. Asks again under MariaDB's view of names, where a database is a catalog.
std::vector<IndexColumns> indexes_of(Session& session, const std::string& from);

}  // namespace connectors::odbc
