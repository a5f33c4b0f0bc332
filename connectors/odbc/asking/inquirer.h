// Asks a database whether a query finds a row, with values bound to it.
#pragma once

#include <memory>

#include "engine/base/threads/leavable_thread.h"
#include "engine/model/source/question.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

/// Over a connection of its own, opened by the first question and kept open between them.
std::unique_ptr<engine::model::Inquirer> make_inquirer(const engine::settings::SourceConnection& connection,
                                                       const engine::settings::DialectDefinition& dialect, std::shared_ptr<engine::SignOfLife> sign = {});

}  // namespace connectors::odbc
