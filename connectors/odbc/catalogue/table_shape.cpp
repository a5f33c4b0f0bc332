#include "connectors/odbc/catalogue/table_shape.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

#include "connectors/odbc/catalogue/key_index.h"
#include "connectors/odbc/rows/prepared_read.h"
#include "connectors/odbc/rows/read_plan.h"
#include "connectors/odbc/statement_text.h"
#include "engine/settings/diagnostics.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using engine::model::Column;
using engine::model::ColumnType;
using engine::model::Layout;
using engine::model::TableRequest;

namespace {

/// Types that ODBC's header does not know: SQL Server's own, and ODBC 2's dates, which some drivers still report.
constexpr SQLSMALLINT ss_time2 = -154;
constexpr SQLSMALLINT odbc2_date = 9, odbc2_time = 10, odbc2_timestamp = 11;

ColumnType type_by_code(SQLSMALLINT code, bool is_unsigned) {
  switch (code) {
    case SQL_BIT: case SQL_TINYINT: case SQL_SMALLINT: case SQL_INTEGER: return ColumnType::integer;
    // Half of an unsigned 64-bit range does not fit our integers.
    case SQL_BIGINT: return is_unsigned ? ColumnType::decimal : ColumnType::integer;
    case SQL_REAL: case SQL_FLOAT: case SQL_DOUBLE: return ColumnType::real;
    case SQL_DECIMAL: case SQL_NUMERIC: return ColumnType::decimal;
    case SQL_BINARY: case SQL_VARBINARY: case SQL_LONGVARBINARY: return ColumnType::binary;
    case SQL_TYPE_DATE: case odbc2_date: return ColumnType::date;
    case SQL_TYPE_TIME: case odbc2_time: case ss_time2: return ColumnType::time;
    case SQL_TYPE_TIMESTAMP: case odbc2_timestamp: return ColumnType::timestamp;
    default: return ColumnType::text;
  }
}

bool is_unbounded(SQLSMALLINT code) { return code == SQL_LONGVARCHAR || code == SQL_WLONGVARCHAR || code == SQL_LONGVARBINARY; }

ColumnType canonical_type(SQLSMALLINT code, bool is_unsigned, const std::string& source_type, const engine::settings::DialectDefinition& dialect) {
  std::string whole = source_type;
  for (char& c : whole) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  for (const std::string& name : {whole, plain_type_name(source_type)}) {
    const auto found = dialect.types.find(name);
    if (found != dialect.types.end()) return found->second;
  }
  return type_by_code(code, is_unsigned);
}

/// The size that the rest of the connector relies on: 0 where the described one bounds nothing.
std::uint64_t trusted_size(SQLSMALLINT code, ColumnType type, SQLULEN described) {
  if (type == ColumnType::real) return code == SQL_REAL ? 7 : 15;
  if ((type == ColumnType::text || type == ColumnType::binary) && is_unbounded(code)) return 0;
  return described > 0x7FFFFFFF ? 0 : described;
}

Column describe_column(Session& session, Handle statement, SQLUSMALLINT number) {
  std::array<SQLCHAR, 512> name{};
  std::array<SQLCHAR, 256> type_name{};
  SQLSMALLINT size = 0, code = 0, scale = 0, nullable = 0;
  SQLULEN described = 0;
  if (!SQL_SUCCEEDED(SQLDescribeCol(statement, number, name.data(), static_cast<SQLSMALLINT>(name.size()), &size, &code, &described, &scale, &nullable))) {
    session.fail(HandleKind::statement, statement, "describing a column");
  }
  SQLLEN is_unsigned = SQL_FALSE;
  SQLColAttribute(statement, number, SQL_DESC_UNSIGNED, nullptr, 0, nullptr, &is_unsigned);
  SQLColAttribute(statement, number, SQL_DESC_TYPE_NAME, type_name.data(), static_cast<SQLSMALLINT>(type_name.size()), &size, nullptr);
  Column column;
  column.name = reinterpret_cast<const char*>(name.data());
  column.source_type = reinterpret_cast<const char*>(type_name.data());
  column.type = canonical_type(code, is_unsigned == SQL_TRUE, column.source_type, session.dialect());
  column.size = trusted_size(code, column.type, described);
  column.scale = column.type == ColumnType::decimal ? scale : 0;
  column.nullable = nullable != SQL_NO_NULLS;
  // Only the layout travels on, so the name must tell CHAR from VARCHAR as the code does.
  const bool char_by_code = code == SQL_CHAR || code == SQL_WCHAR;
  if (!session.dialect().char_by_type_name && column.type == ColumnType::text && char_by_code != is_fixed_char(column)) {
    column.source_type = char_by_code ? "char" : "varchar";
  }
  return column;
}

/// Frees the statement whatever happens.
class Described {
 public:
  Described(Session& session, std::string sql) {
    SQLHANDLE made = nullptr;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, session.handle(), &made))) session.fail(HandleKind::connection, session.handle(), "opening a statement");
    statement_ = made;
    set_query_timeout(session, statement_);
    const SQLRETURN result = execute(session, sql);
    if (SQL_SUCCEEDED(result) || result == SQL_NO_DATA) return;
    const engine::Error error = session.error(HandleKind::statement, statement_, "describing a table");
    SQLFreeHandle(SQL_HANDLE_STMT, statement_);
    throw error;
  }
  ~Described() { SQLFreeHandle(SQL_HANDLE_STMT, statement_); }
  Described(const Described&) = delete;
  Described& operator=(const Described&) = delete;
  Handle handle() const { return statement_; }

 private:
  /// The watchdog looks away before anybody frees the statement.
  SQLRETURN execute(Session& session, std::string& sql) {
    const Watched now(session.watchdog(), statement_);
    return SQLExecDirect(statement_, reinterpret_cast<SQLCHAR*>(sql.data()), static_cast<SQLINTEGER>(sql.size()));
  }

  Handle statement_ = nullptr;
};

std::string title_of(const TableRequest& table) { return table.query.empty() ? table.from : "the query"; }

std::size_t position_of(const Layout& layout, const std::string& name, const TableRequest& table, std::string_view key) {
  if (const auto found = layout.find(name)) return *found;
  std::vector<std::string> names;
  for (const Column& column : layout.columns) names.push_back(column.name);
  throw Error(ErrorCode::source_refused, fmt::format("{} has no column {}, which `{}:` names", title_of(table), name, key),
              {{"column", name}}, engine::settings::did_you_mean(name, names));
}

/// Asked for such a value, a driver may die, and the daemon with it.
void refuse_unreadable(const Layout& layout, const TableRequest& table, const engine::settings::DialectDefinition& dialect) {
  for (const Column& column : layout.columns) {
    const auto& types = dialect.unreadable;
    if (std::find(types.begin(), types.end(), plain_type_name(column.source_type)) == types.end()) continue;
    throw Error(ErrorCode::source_refused, fmt::format("column {} of {} is of type {}, which this driver cannot read", column.name, title_of(table), column.source_type),
                {{"column", column.name}}, fmt::format("leave it out: exclude: [{}]", column.name));
  }
}

}  // namespace

Layout describe_columns(Session& session, const TableRequest& table) {
  const std::string sql = StatementText(table, session.dialect()).described();
  if (session.dialect().describe_twice) const Described refreshed(session, sql);
  const Described described(session, sql);
  SQLSMALLINT count = 0;
  if (!SQL_SUCCEEDED(SQLNumResultCols(described.handle(), &count))) session.fail(HandleKind::statement, described.handle(), "describing a table");
  Layout layout;
  for (SQLSMALLINT number = 1; number <= count; ++number) {
    Column column = describe_column(session, described.handle(), static_cast<SQLUSMALLINT>(number));
    const bool twice = std::any_of(layout.columns.begin(), layout.columns.end(), [&](const Column& other) { return other.name == column.name; });
    if (twice) throw Error(ErrorCode::source_refused, fmt::format("the query gives two columns named {}", column.name), {{"column", column.name}}, "name one of them anew with AS");
    layout.columns.push_back(std::move(column));
  }
  return layout;
}

engine::model::TableShape describe_table(Session& session, const TableRequest& table) {
  const Layout all = describe_columns(session, table);
  std::vector<bool> excluded(all.columns.size());
  for (const std::string& name : table.exclude) excluded[position_of(all, name, table, "exclude")] = true;
  engine::model::TableShape shape;
  for (std::size_t column = 0; column < all.columns.size(); ++column) {
    if (!excluded[column]) shape.layout.columns.push_back(all.columns[column]);
  }
  for (const std::string& name : table.key) shape.layout.key.push_back(position_of(shape.layout, name, table, "key"));
  refuse_unreadable(shape.layout, table, session.dialect());
  shape.key_is_indexed = !session.dialect().whole_only && !table.key.empty() && table.query.empty() && key_is_indexed(session, table.from, shape.layout);
  return shape;
}

}  // namespace connectors::odbc
