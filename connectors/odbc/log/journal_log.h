// The journal of an IBM i file as a change log.
#pragma once

#include <memory>

#include "connectors/odbc/log/history_log.h"

namespace connectors::odbc {

/// The table's name as the system keeps it.
struct JournaledTable {
  std::string schema, name;
};

std::unique_ptr<engine::model::ChangeLog> open_journal_log(const engine::settings::DialectDefinition& dialect, LogAccess access,
                                                           const engine::model::TableRequest& table, JournaledTable named,
                                                           const engine::model::TableShape& shape, const engine::model::LogName& name);

}  // namespace connectors::odbc
