// What a driver tells about a table: columns, canonical types, whether an index leads with the key.
#pragma once

#include "connectors/odbc/session.h"
#include "engine/model/source.h"

namespace connectors::odbc {

/// All columns of a table or query; no key. Throws Error source_*.
engine::model::Layout describe_columns(Session& session, const engine::model::TableRequest& table);

/// Throws Error source_refused for columns that are not there (with the nearest name) or come twice.
engine::model::TableShape describe_table(Session& session, const engine::model::TableRequest& table);

}  // namespace connectors::odbc
