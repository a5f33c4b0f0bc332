// The `odbc` target: tables of a database, written in transactions.
#pragma once

#include <memory>

#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::odbc {

/// Connects when the first record comes.
std::unique_ptr<engine::model::Target> make_odbc_target(const engine::settings::TargetConnection& connection);

}  // namespace connectors::odbc
