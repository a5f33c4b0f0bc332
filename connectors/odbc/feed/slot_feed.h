// A logical replication slot of PostgreSQL as a feed of changes.
#pragma once

#include <memory>

#include "connectors/odbc/feed/slot_statements.h"
#include "engine/model/source.h"

namespace connectors::odbc {

/// Over ordinary connections: the functions that peek and advance need no replication protocol. Session and statements outlive it. Throws
/// source_refused when the dialect knows no slots.
std::unique_ptr<engine::model::ChangeFeed> open_slot(const std::shared_ptr<Session>& session, SlotStatements& statements,
                                                     const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                     const engine::model::LogName& name);

}  // namespace connectors::odbc
