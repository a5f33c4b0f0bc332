#include "connectors/odbc/key_index.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <vector>

#include <sql.h>
#include <sqlext.h>

namespace connectors::odbc {

using engine::model::Layout;

namespace {

/// Column names of each index, in order.
using Indexes = std::map<std::string, std::map<int, std::string>>;

/// One catalogue call; rows are index name, position, column name in the given result columns.
class Catalogue {
 public:
  explicit Catalogue(Session& session) : session_(session) {}

  void add_primary_key(const TableName& name, Indexes& into) { collect(name, true, 6, 5, 4, into); }
  void add_indexes(const TableName& name, Indexes& into) { collect(name, false, 6, 8, 9, into); }

 private:
  static std::string text_of(Handle statement, SQLUSMALLINT column) {
    std::array<char, 512> text{};
    SQLLEN size = 0;
    if (!SQL_SUCCEEDED(SQLGetData(statement, column, SQL_C_CHAR, text.data(), text.size(), &size)) || size < 0) return {};
    return text.data();
  }

  /// An empty part is passed as null pointer: it limits nothing.
  static SQLCHAR* part(const std::string& text) {
    return text.empty() ? nullptr : reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.c_str()));
  }

  void collect(const TableName& name, bool primary, SQLUSMALLINT index_column, SQLUSMALLINT position_column, SQLUSMALLINT name_column, Indexes& into) {
    SQLHANDLE statement = nullptr;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, session_.handle(), &statement))) return;
    const SQLRETURN result =
        primary ? SQLPrimaryKeys(statement, part(name.catalog), SQL_NTS, part(name.schema), SQL_NTS, part(name.table), SQL_NTS)
                : SQLStatistics(statement, part(name.catalog), SQL_NTS, part(name.schema), SQL_NTS, part(name.table), SQL_NTS, SQL_INDEX_ALL, SQL_QUICK);
    while (SQL_SUCCEEDED(result) && SQL_SUCCEEDED(SQLFetch(statement))) {
      // A driver may want columns read in rising order.
      std::array<SQLUSMALLINT, 3> rising{index_column, position_column, name_column};
      std::sort(rising.begin(), rising.end());
      std::map<SQLUSMALLINT, std::string> cells;
      for (const SQLUSMALLINT column : rising) cells[column] = text_of(statement, column);
      const int position = std::atoi(cells[position_column].c_str());
      if (position > 0 && !cells[name_column].empty()) into[(primary ? "primary " : "index ") + cells[index_column]][position] = cells[name_column];
    }
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
  }

  Session& session_;
};

bool leads_with_key(const std::map<int, std::string>& index, const Layout& layout) {
  std::vector<std::string> names;
  for (const auto& [position, name] : index) names.push_back(name);
  if (names.size() < layout.key.size()) return false;
  for (std::size_t part = 0; part < layout.key.size(); ++part) {
    if (layout.find(names[part]) != layout.key[part]) return false;
  }
  return true;
}

std::string folded(std::string name, Session::NameCase name_case) {
  for (char& c : name) {
    if (name_case == Session::NameCase::lower && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (name_case == Session::NameCase::upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return name;
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

bool key_is_indexed(Session& session, const std::string& from, const Layout& layout) {
  const TableName name = split_table_name(from, session.dialect(), session.name_case());
  Catalogue catalogue(session);
  Indexes indexes;
  catalogue.add_primary_key(name, indexes);
  catalogue.add_indexes(name, indexes);
  if (indexes.empty() && !name.schema.empty() && name.catalog.empty()) {
    // MariaDB calls a database a catalog and knows no schemas.
    const TableName other{name.schema, "", name.table};
    catalogue.add_primary_key(other, indexes);
    catalogue.add_indexes(other, indexes);
  }
  return std::any_of(indexes.begin(), indexes.end(), [&](const auto& index) { return leads_with_key(index.second, layout); });
}

}  // namespace connectors::odbc
