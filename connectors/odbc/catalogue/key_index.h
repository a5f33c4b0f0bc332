// Whether an index serves ORDER BY over the key, asked through ODBC's catalogue functions.
#pragma once

#include <string>

#include "connectors/odbc/session.h"
#include "engine/model/layout.h"

namespace connectors::odbc {

/// True when the primary key or an index starts with the key's columns in their order. False when the driver does not tell.
/// A connection asks once in five minutes.
bool key_is_indexed(Session& session, const std::string& from, const engine::model::Layout& layout);

}  // namespace connectors::odbc
