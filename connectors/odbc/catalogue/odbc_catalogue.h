// What a source database tells about itself, through unixODBC.
#pragma once

#include <memory>

#include "engine/base/threads/leavable_thread.h"
#include "engine/model/source/catalogue.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

std::unique_ptr<engine::model::Catalogue> make_odbc_catalogue(const engine::settings::SourceConnection& connection,
                                                              const engine::settings::DialectDefinition& dialect, std::shared_ptr<engine::SignOfLife> sign = {});

}  // namespace connectors::odbc
