// A source database through unixODBC.
#pragma once

#include <memory>

#include "engine/base/threads/leavable_thread.h"
#include "engine/model/source.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

/// `sign` is shown around the calls of the driver.
std::unique_ptr<engine::model::Source> make_odbc_source(const engine::settings::SourceConnection& connection,
                                                        const engine::settings::DialectDefinition& dialect,
                                                        std::shared_ptr<engine::SignOfLife> sign = {});

}  // namespace connectors::odbc
