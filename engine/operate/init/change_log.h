// `change-log`: makes and removes, at a source, the triggers that log which rows change.
#pragma once

#include <string>
#include <vector>

#include "engine/settings/instance.h"

namespace engine::operate {

struct ChangeLogRequest {
  bool install = true;              ///< else remove
  std::string connection;
  std::vector<std::string> tables;  ///< of the configuration; empty: all of the connection that name a log
  std::string odbc;                 ///< who may make tables and triggers; empty: the connection itself
  bool apply = false;
};

/// What would be run, or was, and what people have to know before.
struct ChangeLogReport {
  std::string connection, dialect, proved, failing;
  std::vector<std::string> logs, tables, unseen;
  std::vector<std::string> remarks;  ///< what each log means for the server
  std::vector<std::string> statements;
  bool in_transaction = false;
  bool applied = false;
};

/// Connects and looks at the tables, so that the statements fit their keys; runs them when asked to. Throws config_invalid for a table
/// that is not there or names no log, source_*.
ChangeLogReport change_log(const settings::Instance& instance, const ChangeLogRequest& request);

}  // namespace engine::operate
