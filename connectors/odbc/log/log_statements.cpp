#include "connectors/odbc/log/log_statements.h"

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

namespace connectors::odbc {

using engine::Error;
using engine::model::ColumnType;
using engine::model::SourceKey;

namespace {

constexpr std::size_t kept_max = 200;
constexpr std::size_t text_width = 512;

/// One row a fetch: the last column is not bound, so that a key of any length is read whole by every driver.
ReadPlan plan_of(std::size_t columns) {
  ReadPlan plan;
  for (std::size_t column = 0; column < columns; ++column) {
    ColumnPlan text;
    text.width = text_width;
    plan.columns.push_back(text);
  }
  plan.bound = columns == 0 ? 0 : columns - 1;
  return plan;
}

/// Parts of the keys that are bound: the table's name, an entry's id.
std::vector<ColumnPlan> marker_plan() {
  ColumnPlan name, id;
  id.type = ColumnType::integer;
  return {name, id};
}

/// Frees the statement whatever happens.
struct Freed {
  SQLHANDLE statement = nullptr;
  ~Freed() { SQLFreeHandle(SQL_HANDLE_STMT, statement); }
};

}  // namespace

void run_statement(Session& session, std::string sql, std::string_view doing) {
  Freed made;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, session.handle(), &made.statement))) {
    session.fail(HandleKind::connection, session.handle(), doing);
  }
  set_query_timeout(session, made.statement);
  // The text of a trigger is the server's own: no driver looks for escapes in it.
  SQLSetStmtAttr(made.statement, SQL_ATTR_NOSCAN, reinterpret_cast<SQLPOINTER>(SQL_NOSCAN_ON), 0);
  SQLRETURN result = SQL_ERROR;
  {
    const Watched now(session.watchdog(), made.statement);
    result = SQLExecDirect(made.statement, reinterpret_cast<SQLCHAR*>(sql.data()), static_cast<SQLINTEGER>(sql.size()));
  }
  if (!SQL_SUCCEEDED(result) && result != SQL_NO_DATA) session.fail(HandleKind::statement, made.statement, doing);
}

PreparedRead& LogStatements::prepared(std::map<std::string, std::unique_ptr<PreparedRead>>& kept, const std::shared_ptr<Session>& session,
                                      KeyedSql sql, std::size_t columns) {
  const auto found = kept.find(sql.text);
  if (found != kept.end()) return *found->second;
  if (kept.size() >= kept_max) kept.clear();
  std::string text = sql.text;
  auto made = std::make_unique<PreparedRead>(session, std::move(sql), plan_of(columns), marker_plan());
  return *kept.emplace(std::move(text), std::move(made)).first->second;
}

void LogStatements::read(const std::shared_ptr<Session>& session, KeyedSql sql, std::span<const SourceKey> keys, std::size_t columns,
                         const std::function<void(Row)>& take) {
  PreparedRead& statement = prepared(reads_, session, std::move(sql), columns);
  statement.execute(keys);
  const Watched now = statement.watched();
  while (statement.fetch() > 0) {
    Row row;
    for (std::size_t column = 0; column < columns; ++column) {
      const auto cell = statement.cell(0, column);
      row.push_back(cell ? std::optional<std::string>(*cell) : std::nullopt);
    }
    take(std::move(row));
  }
  statement.close();
}

void LogStatements::erase(KeyedSql sql, std::span<const SourceKey> keys) {
  if (!erasing_) {
    erasing_ = std::make_shared<Session>(connection_, dialect_, SessionUse::log);
    for (const std::string& statement : dialect_.change_log.session) run_statement(*erasing_, statement, "preparing to delete log entries");
    erasing_->end_transaction(true);
  }
  PreparedRead& statement = prepared(erasures_, erasing_, std::move(sql), 0);
  statement.execute(keys);
  statement.close();
}

void LogStatements::end_erasing(bool commit) {
  if (erasing_) erasing_->end_transaction(commit);
}

void LogStatements::close_erasing() {
  erasures_.clear();
  erasing_.reset();
}

}  // namespace connectors::odbc
