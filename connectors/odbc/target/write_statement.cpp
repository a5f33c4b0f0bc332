#include "connectors/odbc/target/write_statement.h"

#include <sql.h>
#include <sqlext.h>

#include <algorithm>

#include "connectors/odbc/rows/prepared_read.h"

namespace connectors::odbc {

WriteStatement::WriteStatement(Session& session, const std::string& sql, std::size_t markers) : session_(session), parameters_(markers) {
  SQLHANDLE made = nullptr;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, session.handle(), &made))) {
    session.fail(HandleKind::connection, session.handle(), "opening a statement");
  }
  statement_ = made;
  set_query_timeout(session, statement_);
  const Watched now(session.watchdog(), statement_);
  auto* const text = reinterpret_cast<SQLCHAR*>(const_cast<char*>(sql.data()));
  if (SQL_SUCCEEDED(SQLPrepare(statement_, text, static_cast<SQLINTEGER>(sql.size())))) return;
  const engine::Error error = session.error(HandleKind::statement, statement_, "preparing to write");
  SQLFreeHandle(SQL_HANDLE_STMT, statement_);
  throw error;
}

WriteStatement::~WriteStatement() { SQLFreeHandle(SQL_HANDLE_STMT, statement_); }

void WriteStatement::bind(std::size_t marker, const ColumnPlan& column, const std::optional<std::string>& text) {
  Parameter& parameter = parameters_.at(marker);
  const bool bound = text ? parameter.bind(statement_, marker + 1, column, *text) : parameter.bind_null(statement_, marker + 1, column);
  if (!bound) session_.fail(HandleKind::statement, statement_, "binding a value");
}

void WriteStatement::run() {
  const SQLRETURN result = SQLExecute(statement_);
  const bool cancelled = session_.watchdog().cancelled();
  if ((SQL_SUCCEEDED(result) || result == SQL_NO_DATA) && !cancelled) return;
  const engine::Error error = session_.error(HandleKind::statement, statement_, "writing");
  SQLFreeStmt(statement_, SQL_CLOSE);
  if (cancelled && error.code() != engine::ErrorCode::source_unreachable) {
    throw engine::Error(engine::ErrorCode::source_busy, std::string("took longer than the connection's timeout: ") + error.what());
  }
  throw error;
}

std::optional<std::int64_t> WriteStatement::execute() {
  const Watched now(session_.watchdog(), statement_);
  run();
  SQLLEN rows = -1;
  const bool told = SQL_SUCCEEDED(SQLRowCount(statement_, &rows)) && rows >= 0;
  SQLFreeStmt(statement_, SQL_CLOSE);
  return told ? std::optional<std::int64_t>(rows) : std::nullopt;
}

void WriteStatement::bind_all(std::size_t marker, const ColumnPlan& column, std::span<const std::optional<std::string>* const> texts) {
  arrays_.resize(parameters_.size());
  if (!arrays_.at(marker).bind(statement_, marker + 1, column, texts)) session_.fail(HandleKind::statement, statement_, "binding values");
}

bool WriteStatement::execute_all(std::size_t records) {
  // SQLite's driver leaves both as they are, although it writes every row.
  std::vector<SQLUSMALLINT> told(records, SQL_PARAM_DIAG_UNAVAILABLE);
  SQLULEN processed = 0, size = 0;
  const auto set = [&](SQLINTEGER attribute, SQLPOINTER value) { return SQL_SUCCEEDED(SQLSetStmtAttr(statement_, attribute, value, 0)); };
  const bool takes_arrays = set(SQL_ATTR_PARAM_BIND_TYPE, reinterpret_cast<SQLPOINTER>(SQL_PARAM_BIND_BY_COLUMN)) &&
                            set(SQL_ATTR_PARAM_STATUS_PTR, told.data()) && set(SQL_ATTR_PARAMS_PROCESSED_PTR, &processed) &&
                            set(SQL_ATTR_PARAMSET_SIZE, reinterpret_cast<SQLPOINTER>(records)) &&
                            SQL_SUCCEEDED(SQLGetStmtAttr(statement_, SQL_ATTR_PARAMSET_SIZE, &size, 0, nullptr)) && size == records;
  if (takes_arrays) {
    const Watched now(session_.watchdog(), statement_);
    run();
    SQLFreeStmt(statement_, SQL_CLOSE);
  }
  set(SQL_ATTR_PARAM_STATUS_PTR, nullptr);
  set(SQL_ATTR_PARAMS_PROCESSED_PTR, nullptr);
  const auto written = [](SQLUSMALLINT status) { return status == SQL_PARAM_SUCCESS || status == SQL_PARAM_SUCCESS_WITH_INFO; };
  return takes_arrays && processed == records && std::all_of(told.begin(), told.end(), written);
}

bool WriteStatement::finds() {
  const Watched now(session_.watchdog(), statement_);
  run();
  const SQLRETURN result = SQLFetch(statement_);
  if (!SQL_SUCCEEDED(result) && result != SQL_NO_DATA) session_.fail(HandleKind::statement, statement_, "looking for a row");
  SQLFreeStmt(statement_, SQL_CLOSE);
  return result != SQL_NO_DATA;
}

}  // namespace connectors::odbc
