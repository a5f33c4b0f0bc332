#include "connectors/odbc/log/log_installer.h"

#include <fmt/format.h>

#include "connectors/odbc/catalogue/table_shape.h"
#include "connectors/odbc/log/log_text.h"
#include "connectors/odbc/feed/slot_text.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;

namespace {

void append(std::vector<std::string>& to, std::vector<std::string> statements) {
  for (std::string& statement : statements) to.push_back(std::move(statement));
}

}  // namespace

LogInstaller::LogInstaller(const engine::settings::SourceConnection& connection, const engine::settings::DialectDefinition& dialect)
    : session_(connection, dialect, SessionUse::log) {
  if (!dialect.change_log.log.empty()) return;
  throw Error(ErrorCode::source_refused, fmt::format("the dialect '{}' knows no change log", dialect.name), {},
              "write a `change_log:` into a dialect of your own");
}

std::vector<std::string> LogInstaller::install(const LogPlan& plan) {
  const auto& dialect = session_.dialect();
  if (plan.by == "slot") return install_slot(plan);
  std::vector<std::string> statements = LogText(dialect, {plan.log, ""}, "").filled(dialect.change_log.log);
  if (!plan.reader.empty() && !dialect.change_log.grant.empty()) {
    const std::string grant = LogText(dialect, {plan.log, ""}, "").filled(dialect.change_log.grant);
    statements.push_back(replaced(grant, "{reader}", quoted_name(plan.reader, dialect)));
  }
  for (const LogPlan::Table& table : plan.tables) {
    const auto shape = describe_table(session_, table.request);
    append(statements, LogText(dialect, {plan.log, table.name}, table.request.from).triggers(shape.layout));
  }
  session_.end_transaction(false);
  return statements;
}

std::vector<std::string> LogInstaller::uninstall(const LogPlan& plan) {
  const auto& dialect = session_.dialect();
  // It serves the other tables, too.
  if (plan.by == "slot") return plan.whole ? std::vector{slot::drop_once(plan.log)} : std::vector<std::string>();
  const bool entries_stay = !plan.whole && is_there(plan.log);
  std::vector<std::string> statements;
  for (const LogPlan::Table& table : plan.tables) {
    const LogText text(dialect, {plan.log, table.name}, table.request.from);
    append(statements, text.filled(dialect.change_log.no_triggers));
    if (entries_stay) statements.push_back(text.filled("DELETE FROM {log} WHERE table_name = '{table}'"));
  }
  if (plan.whole) append(statements, LogText(dialect, {plan.log, ""}, "").filled(dialect.change_log.no_log));
  return statements;
}

std::vector<std::string> LogInstaller::install_slot(const LogPlan& plan) const {
  std::vector<std::string> statements;
  if (!plan.reader.empty()) statements.push_back(fmt::format("ALTER ROLE {} REPLICATION", quoted_name(plan.reader, session_.dialect())));
  // Not in a transaction that has written.
  statements.insert(statements.begin(), slot::create_once(plan.log, std::string(slot::plugins[0])));
  return statements;
}

bool LogInstaller::is_there(const std::string& table) {
  bool there = true;
  try {
    describe_columns(session_, {.from = table});
  } catch (const Error& error) {
    if (error.code() == ErrorCode::source_unreachable || error.code() == ErrorCode::source_busy) throw;
    there = false;
  }
  session_.end_transaction(false);
  return there;
}

/// A slot is made by another plugin where the server has not the first.
void LogInstaller::run(const std::string& statement) {
  const std::string doing = fmt::format("running \"{}\"", statement);
  try {
    session_.run(statement, doing);
  } catch (const Error& error) {
    const std::string other = replaced(statement, fmt::format("'{}'", slot::plugins[0]), fmt::format("'{}'", slot::plugins[1]));
    if (other == statement || error.code() == ErrorCode::source_unreachable || error.code() == ErrorCode::source_busy) throw;
    session_.end_transaction(false);
    session_.run(other, doing);
  }
}

void LogInstaller::apply(const std::vector<std::string>& statements) {
  const bool at_once = session_.dialect().change_log.in_transaction;
  try {
    for (const std::string& statement : statements) {
      run(statement);
      if (!at_once) session_.end_transaction(true);
    }
    session_.end_transaction(true);
  } catch (const Error&) {
    try {
      session_.end_transaction(false);
    } catch (const Error&) {
      // The connection went: the server takes back what was not committed.
    }
    throw;
  }
}

}  // namespace connectors::odbc
