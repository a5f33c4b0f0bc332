// ODBC's catalogue functions: the tables of a script and their keys.
#include "test/support/scripted_driver/handles.h"

namespace scripted {

namespace {

std::string table_part(const Relation& relation) { return relation.of.front().substr(relation.of.front().rfind('.') + 1); }

std::string schema_part(const Relation& relation) {
  const std::size_t dot = relation.of.front().rfind('.');
  return dot == std::string::npos ? std::string() : relation.of.front().substr(0, dot);
}

/// Makes a result of rows of texts; what of them is read stands at ODBC's positions.
void open_result(Statement& statement, std::size_t columns, std::vector<std::vector<Cell>> rows) {
  statement.close();
  statement.result.columns.assign(columns, Column{"", "varchar", SQL_VARCHAR, 128, 0, true});
  statement.result.rows = std::move(rows);
  statement.described = statement.open = true;
  statement.next_row = 0;
}

template <class Row>
std::vector<std::vector<Cell>> rows_of(Statement& statement, const std::string& schema, const std::string& table, const Row& row) {
  std::vector<std::vector<Cell>> rows;
  const auto script = statement.connection.seen();
  for (const Relation& relation : script->relations) {
    const bool meant = (table.empty() || upper(table) == table_part(relation)) && (schema.empty() || upper(schema) == schema_part(relation));
    if (relation.is_table && meant) row(relation, rows);
  }
  return rows;
}

}  // namespace

}  // namespace scripted

using namespace scripted;

SCRIPTED_CALL SQLTables(SQLHSTMT handle, SQLCHAR*, SQLSMALLINT, SQLCHAR* schema, SQLSMALLINT schema_size, SQLCHAR* table, SQLSMALLINT table_size, SQLCHAR*,
                        SQLSMALLINT) {
  return called(handle, [&] {
    auto& statement = as<Statement>(handle);
    auto rows = rows_of(statement, text_given(schema, schema_size), text_given(table, table_size), [](const Relation& relation, auto& into) {
      into.push_back({std::nullopt, schema_part(relation), table_part(relation), "TABLE", std::nullopt});
    });
    return open_result(statement, 5, std::move(rows)), SQL_SUCCESS;
  });
}

SCRIPTED_CALL SQLPrimaryKeys(SQLHSTMT handle, SQLCHAR*, SQLSMALLINT, SQLCHAR* schema, SQLSMALLINT schema_size, SQLCHAR* table, SQLSMALLINT table_size) {
  return called(handle, [&] {
    auto& statement = as<Statement>(handle);
    auto rows = rows_of(statement, text_given(schema, schema_size), text_given(table, table_size), [](const Relation& relation, auto& into) {
      for (std::size_t i = 0; i < relation.key.size(); ++i) {
        into.push_back({std::nullopt, schema_part(relation), table_part(relation), relation.key[i], std::to_string(i + 1), "PRIMARY"});
      }
    });
    return open_result(statement, 6, std::move(rows)), SQL_SUCCESS;
  });
}

SCRIPTED_CALL SQLStatistics(SQLHSTMT handle, SQLCHAR*, SQLSMALLINT, SQLCHAR*, SQLSMALLINT, SQLCHAR*, SQLSMALLINT, SQLUSMALLINT, SQLUSMALLINT) {
  return called(handle, [&] { return open_result(as<Statement>(handle), 13, {}), SQL_SUCCESS; });
}
