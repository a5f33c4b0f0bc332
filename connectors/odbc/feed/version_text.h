// The SQL of MariaDB's system-versioned tables. Pure.
#pragma once

#include <string>

#include "connectors/odbc/statement_text.h"

namespace connectors::odbc::versions {

/// The columns that say since when and until when a row was as it is.
struct Period {
  std::string start, end;
  bool by_transaction = false;  ///< they hold ids of transactions, not times
};

/// Markers are parts of key 0: schema (empty: the session's) and table. Gives when the table was made, and the names and type of the period's columns; no
/// row: it keeps no versions.
KeyedSql period_of();
/// Gives how far the history goes at this moment: the database's clock, or the last commit.
std::string end(bool by_transaction);
/// Parts: the position, and how far before it transactions may have begun (microseconds, or commits). Gives key, the time or transaction, when, the transaction.
KeyedSql changes(const engine::model::TableRequest& table, const Period& period, const std::string& key);
/// Parts: the position, the overlap. One row: the database's clock is before both.
KeyedSql is_clock_back();

}  // namespace connectors::odbc::versions
