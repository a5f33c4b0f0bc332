// The change log of one table of a source.
#pragma once

#include <memory>

#include "connectors/odbc/log/log_statements.h"
#include "engine/model/source.h"

namespace connectors::odbc {

/// Reads over the source's own session, so that rows and log are seen in one view. Both outlive it. Throws source_refused when the dialect
/// has no change log.
std::unique_ptr<engine::model::ChangeLog> open_change_log(const std::shared_ptr<Session>& session, LogStatements& statements,
                                                          const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                          const engine::model::LogName& name);

}  // namespace connectors::odbc
