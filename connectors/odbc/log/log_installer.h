// Makes and removes change logs at a source, by the dialect's templates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/odbc/session.h"
#include "engine/model/source.h"

namespace connectors::odbc {

/// One log with tables that are logged there.
struct LogPlan {
  struct Table {
    std::string name;  ///< of its definition
    engine::model::TableRequest request;
  };
  std::string log;
  std::string by = "triggers";  ///< or slot
  std::vector<Table> tables;
  bool whole = true;   ///< these are all tables of the log
  std::string reader;  ///< who reads the log, when another one makes it; empty: nobody else
};

class LogInstaller {
 public:
  /// Connects with the rights to make tables and triggers. Throws Error source_*, as all do, and source_refused when the dialect knows no log.
  LogInstaller(const engine::settings::SourceConnection& connection, const engine::settings::DialectDefinition& dialect);

  /// The statements, in order. Both may be applied again and again.
  std::vector<std::string> install(const LogPlan& plan);
  std::vector<std::string> uninstall(const LogPlan& plan);

  /// In one transaction where the database can take back a CREATE; else what was done before the statement that failed stays.
  void apply(const std::vector<std::string>& statements);

 private:
  std::vector<std::string> install_slot(const LogPlan& plan) const;
  bool is_there(const std::string& table);
  void run(const std::string& statement);

  Session session_;
};

}  // namespace connectors::odbc
