#include "connectors/odbc/catalogue/catalogue_call.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>

#include <sql.h>
#include <sqlext.h>

#include "engine/base/error.h"

namespace connectors::odbc {

namespace {

std::string text_of(Handle statement, SQLUSMALLINT column) {
  std::array<char, 512> text{};
  SQLLEN size = 0;
  if (!SQL_SUCCEEDED(SQLGetData(statement, column, SQL_C_CHAR, text.data(), text.size(), &size)) || size < 0) return {};
  return text.data();
}

/// An empty part is passed as null pointer: it limits nothing.
SQLCHAR* part(const std::string& text) {
  return text.empty() ? nullptr : reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.c_str()));
}

SQLRETURN execute(Handle statement, CatalogueFunction function, const TableName& name) {
  SQLCHAR* const catalog = part(name.catalog);
  SQLCHAR* const schema = part(name.schema);
  SQLCHAR* const table = part(name.table);
  switch (function) {
    case CatalogueFunction::tables: {
      std::string kinds = "TABLE,VIEW";
      return SQLTables(statement, catalog, SQL_NTS, schema, SQL_NTS, table, SQL_NTS, reinterpret_cast<SQLCHAR*>(kinds.data()), SQL_NTS);
    }
    case CatalogueFunction::primary_keys: return SQLPrimaryKeys(statement, catalog, SQL_NTS, schema, SQL_NTS, table, SQL_NTS);
    case CatalogueFunction::statistics:
      return SQLStatistics(statement, catalog, SQL_NTS, schema, SQL_NTS, table, SQL_NTS, SQL_INDEX_ALL, SQL_QUICK);
  }
  return SQL_ERROR;
}

std::string folded(std::string name, Session::NameCase name_case) {
  for (char& c : name) {
    if (name_case == Session::NameCase::lower && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (name_case == Session::NameCase::upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return name;
}

/// Columns by position: drivers do not promise the order of rows.
struct Collected {
  bool unique = false;
  std::map<int, std::string> columns;
};

/// The drivers of SQLite and MariaDB number a primary key's columns in the table's order: the index behind it knows the true one.
void order_as_its_index(std::vector<IndexColumns>& indexes) {
  if (indexes.empty() || !indexes.front().primary) return;
  std::vector<std::string>& columns = indexes.front().columns;
  for (std::size_t i = 1; i < indexes.size(); ++i) {
    const std::vector<std::string>& other = indexes[i].columns;
    if (!indexes[i].unique || !std::is_permutation(columns.begin(), columns.end(), other.begin(), other.end())) continue;
    columns = other;
    return;
  }
}

std::vector<IndexColumns> indexes_named(Session& session, const TableName& name) {
  std::map<std::string, Collected> primary, others;
  for (const auto& row : call_catalogue(session, CatalogueFunction::primary_keys, name, {4, 5, 6})) {
    primary[row[2]].columns[std::atoi(row[1].c_str())] = row[0];
  }
  // Column 7 is the kind of row: 0 counts the table, all else are indexes.
  for (const auto& row : call_catalogue(session, CatalogueFunction::statistics, name, {4, 6, 8, 9})) {
    const int position = std::atoi(row[2].c_str());
    if (position <= 0 || row[3].empty()) continue;
    others[row[1]].columns[position] = row[3];
    others[row[1]].unique = row[0] == "0";
  }
  std::vector<IndexColumns> indexes;
  const auto append = [&indexes](const std::map<std::string, Collected>& all, bool is_primary) {
    for (const auto& [index, collected] : all) {
      IndexColumns columns{index, is_primary, is_primary || collected.unique, {}};
      for (const auto& [position, column] : collected.columns) columns.columns.push_back(column);
      indexes.push_back(std::move(columns));
    }
  };
  append(primary, true);
  append(others, false);
  order_as_its_index(indexes);
  return indexes;
}

}  // namespace

TableName split_table_name(const std::string& from, const engine::settings::DialectDefinition& dialect, Session::NameCase name_case) {
  std::vector<std::string> parts(1);
  bool quoted = false, was_quoted = false;
  const auto finish = [&] {
    if (!was_quoted) parts.back() = folded(parts.back(), name_case);
    was_quoted = false;
  };
  for (const char c : from) {
    const bool opens = !quoted && dialect.quote_open == std::string(1, c);
    const bool closes = quoted && dialect.quote_close == std::string(1, c);
    if (opens || closes) {
      quoted = opens;
      was_quoted = true;
    } else if (c == '.' && !quoted) {
      finish();
      parts.emplace_back();
    } else if (quoted || c != ' ') {
      parts.back() += c;
    }
  }
  finish();
  TableName name;
  name.table = parts.back();
  if (parts.size() > 1) name.schema = parts[parts.size() - 2];
  if (parts.size() > 2) name.catalog = parts[parts.size() - 3];
  return name;
}

std::vector<std::vector<std::string>> call_catalogue(Session& session, CatalogueFunction function, const TableName& name,
                                                     const std::vector<unsigned short>& columns, std::size_t limit) {
  std::vector<std::vector<std::string>> rows;
  // mdbtools says that it has an answer, and dies when that is fetched.
  if (session.dialect().whole_only && function != CatalogueFunction::tables) return rows;
  SQLHANDLE statement = nullptr;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, session.handle(), &statement))) return rows;
  std::optional<engine::Error> failure;
  {
    const Watched now(session.watchdog(), statement);
    SQLRETURN result = execute(statement, function, name);
    while (SQL_SUCCEEDED(result) && rows.size() < limit) {
      result = SQLFetch(statement);
      if (!SQL_SUCCEEDED(result)) break;
      std::vector<std::string> row;
      for (const unsigned short column : columns) row.push_back(text_of(statement, column));
      rows.push_back(std::move(row));
    }
    if (!SQL_SUCCEEDED(result) && result != SQL_NO_DATA) failure = session.error(HandleKind::statement, statement, "asking the catalogue");
  }
  SQLFreeHandle(SQL_HANDLE_STMT, statement);
  // To take a lock or a broken line for "no index" would read a large table whole.
  const bool may_pass = failure && (failure->code() == engine::ErrorCode::source_unreachable || failure->code() == engine::ErrorCode::source_busy);
  if (may_pass) throw *failure;
  return rows;
}

std::vector<IndexColumns> indexes_of(Session& session, const std::string& from) {
  const TableName name = split_table_name(from, session.dialect(), session.name_case());
  std::vector<IndexColumns> indexes = indexes_named(session, name);
  // MariaDB calls a database a catalog and knows no schemas.
  if (indexes.empty() && !name.schema.empty() && name.catalog.empty()) indexes = indexes_named(session, {name.schema, "", name.table});
  return indexes;
}

}  // namespace connectors::odbc
