#include "connectors/odbc/feed/version_text.h"

#include <fmt/format.h>

namespace connectors::odbc::versions {

namespace {

/// What a row that is current ends with, or something beyond it in later versions of the server.
constexpr const char* end_of_time = "'2038-01-19 03:14:07'";
constexpr const char* end_of_transactions = "18446744073709551615";

}  // namespace

KeyedSql period_of() {
  // Where the columns are not declared, ROW_START and ROW_END name them.
  return {"SELECT REPLACE(CAST(t.create_time AS CHAR), ' ', 'T'), s.column_name, e.column_name, s.data_type FROM information_schema.tables t"
          " LEFT JOIN information_schema.columns s ON s.table_schema = t.table_schema AND s.table_name = t.table_name AND s.generation_expression = 'ROW START'"
          " LEFT JOIN information_schema.columns e ON e.table_schema = t.table_schema AND e.table_name = t.table_name AND e.generation_expression = 'ROW END'"
          " WHERE t.table_schema = COALESCE(NULLIF(?, ''), DATABASE()) AND t.table_name = ? AND t.table_type = 'SYSTEM VERSIONED'",
          {{0, 0}, {0, 1}},
          {}};
}

std::string end(bool by_transaction) {
  return by_transaction ? "SELECT CAST(COALESCE(MAX(commit_id), 0) AS CHAR) FROM mysql.transaction_registry" : "SELECT CAST(UTC_TIMESTAMP(6) AS CHAR)";
}

KeyedSql changes(const engine::model::TableRequest& table, const Period& period, const std::string& key) {
  const std::string rows = fmt::format("{} FOR SYSTEM_TIME ALL AS dp", table.from);
  const std::string since = period.by_transaction ? "GREATEST(CAST(? AS SIGNED) - CAST(? AS SIGNED), 0)" : "CAST(? AS DATETIME(6)) - INTERVAL CAST(? AS SIGNED) MICROSECOND";
  const char* const live = period.by_transaction ? end_of_transactions : end_of_time;
  KeyedSql sql;
  // Statements of their own, in one: each can use an index of its column.
  const auto append = [&](const std::string& select) {
    sql.text += (sql.text.empty() ? "" : " UNION ALL ") + select;
    sql.markers.insert(sql.markers.end(), {{0, 0}, {0, 1}});
  };
  for (const bool ended : {false, true}) {
    const std::string column = "dp." + (ended ? period.end : period.start);
    const std::string past = ended ? fmt::format(" AND {} < {}", column, live) : "";
    if (!period.by_transaction) {
      append(fmt::format("SELECT {0}, CAST({1} AS CHAR), CAST(UNIX_TIMESTAMP({1}) * 1000 AS SIGNED), NULL FROM {2} WHERE {1} >= {3}{4}", key, column, rows, since, past));
      continue;
    }
    const std::string what = fmt::format("SELECT {0}, CAST({1} AS CHAR), CAST(UNIX_TIMESTAMP(r.commit_timestamp) * 1000 AS SIGNED), CAST({1} AS CHAR) FROM", key, column);
    // MariaDB 10.11 does not register a transaction that went back to a savepoint: what is young by its id is looked at whether registered or not.
    append(fmt::format("{} {} LEFT JOIN mysql.transaction_registry r ON r.transaction_id = {} WHERE {} > {}{}", what, rows, column, column, since, past));
    append(fmt::format("{} mysql.transaction_registry r JOIN {} ON r.transaction_id = {} WHERE r.commit_id > {}{}", what, rows, column, since, past));
  }
  return sql;
}

KeyedSql is_clock_back() {
  return {"SELECT 1 FROM DUAL WHERE UTC_TIMESTAMP(6) < CAST(? AS DATETIME(6)) - INTERVAL CAST(? AS SIGNED) MICROSECOND", {{0, 0}, {0, 1}}, {}};
}

}  // namespace connectors::odbc::versions
