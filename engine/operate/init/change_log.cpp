#include "engine/operate/init/change_log.h"

#include <algorithm>
#include <map>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/operate/acts/request.h"
#include "engine/settings/diagnostics.h"

namespace engine::operate {

namespace {

using connectors::odbc::LogPlan;

const settings::TableDefinition& table_of(const settings::Instance& instance, const std::string& name, const std::string& connection) {
  const settings::TableDefinition& table = known_definition(instance.tables, "table", name);
  if (table.connection == connection && !table.capture.log.empty()) return table;
  throw Error(ErrorCode::config_invalid,
              table.connection == connection ? "table " + name + " names no log" : "table " + name + " is read from connection '" + table.connection + "'",
              {}, table.connection == connection ? "write `capture: { mode: tail, log: change_log }` into its file" : "give that connection");
}

/// What is asked for, by log.
std::map<std::string, LogPlan> plans_of(const settings::Instance& instance, const settings::DialectDefinition& dialect, const ChangeLogRequest& request) {
  std::map<std::string, LogPlan> plans;
  const auto add = [&](const settings::TableDefinition& table) {
    if (dialect.keeps_log(table.capture.by)) {
      if (request.tables.empty()) return;
      throw Error(ErrorCode::config_invalid, "the database itself keeps the log '" + table.capture.by + "' of table " + table.name, {},
                  "there is nothing to install: `datapicker check` says how it is switched on");
    }
    LogPlan& plan = plans[table.capture.log];
    plan.log = table.capture.log;
    plan.by = table.capture.by;
    plan.tables.push_back({table.name, table.request});
    plan.tables.back().request.nested.clear();
    for (const model::NestedTable& nested : table.request.nested) {
      plan.tables.push_back({model::part_name(table.name, nested), model::request_of(table.request, nested)});
    }
  };
  for (const std::string& name : request.tables) add(table_of(instance, name, request.connection));
  if (!request.tables.empty()) {
    for (auto& [log, plan] : plans) plan.whole = false;
    return plans;
  }
  for (const auto& [name, table] : instance.tables) {
    if (table.connection == request.connection && !table.capture.log.empty()) add(table);
  }
  if (!plans.empty()) return plans;
  throw Error(ErrorCode::config_invalid, "no table of connection '" + request.connection + "' names a log", {},
              "write `capture: { mode: tail, log: change_log }` into a table's file");
}

void remark(const LogPlan& plan, const settings::DialectDefinition& dialect, ChangeLogReport& report) {
  std::vector<std::string> tables;
  for (const LogPlan::Table& table : plan.tables) tables.push_back(table.name);
  if (plan.by == "slot") {
    report.remarks.push_back("The server keeps its write-ahead log for the slot " + plan.log + " until Datapicker has read it, up to max_slot_wal_keep_size, which must be set.");
    report.remarks.emplace_back("Where it has no wal2json, write test_decoding: --apply does so by itself.");
    return;
  }
  report.remarks.push_back("Each change of " + settings::listed(tables, "and") + " writes a row into " + plan.log + " in the same transaction.");
  report.failing = dialect.change_log.failing;
  report.unseen = dialect.change_log.unseen;
}

/// The user of a connection string; empty: it names none.
std::string user_in(const std::string& odbc) {
  std::string lower = ";" + odbc;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  const std::size_t at = lower.find(";uid=");
  if (at == std::string::npos) return {};
  const std::size_t from = at + 4;  // one less in `odbc`
  return odbc.substr(from, odbc.find(';', from) - from);
}

}  // namespace

ChangeLogReport change_log(const settings::Instance& instance, const ChangeLogRequest& request) {
  settings::SourceConnection connection = known_definition(instance.sources, "source connection", request.connection);
  const settings::DialectDefinition& dialect = instance.dialects.at(connection.dialect);
  auto plans = plans_of(instance, dialect, request);
  // Made by another user, the log has to be opened to the one who reads it.
  const std::string reader = request.odbc.empty() ? std::string() : user_in(connection.odbc.reveal());
  if (!request.odbc.empty()) connection.odbc = Secret(request.odbc);
  const auto installer = connectors::catalog::make_log_installer(connection, dialect);
  ChangeLogReport report{.connection = connection.name, .dialect = dialect.name, .proved = dialect.change_log.proved};
  report.in_transaction = dialect.change_log.in_transaction;
  for (auto& [log, plan] : plans) {
    plan.reader = reader;
    report.logs.push_back(log);
    remark(plan, dialect, report);
    for (const LogPlan::Table& table : plan.tables) report.tables.push_back(table.name);
    for (std::string& sql : request.install ? installer->install(plan) : installer->uninstall(plan)) report.statements.push_back(std::move(sql));
  }
  if (request.apply) installer->apply(report.statements);
  report.applied = request.apply;
  return report;
}

}  // namespace engine::operate
