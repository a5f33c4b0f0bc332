// A source database through unixODBC.
#pragma once

#include <memory>

#include "engine/model/source.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

std::unique_ptr<engine::model::Source> make_odbc_source(const engine::settings::SourceConnection& connection,
                                                        const engine::settings::DialectDefinition& dialect);

}  // namespace connectors::odbc
