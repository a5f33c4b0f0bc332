// Makes sources and targets from their definitions: the only place that knows every kind.
#pragma once

#include <memory>
#include <vector>

#include "connectors/odbc/log/log_installer.h"
#include "engine/model/notice.h"
#include "engine/model/source.h"
#include "engine/model/source/catalogue.h"
#include "engine/model/source/question.h"
#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/dialect_definition.h"
#include "engine/settings/instance.h"

namespace connectors::catalog {

/// One connection to a source, not yet open.
std::unique_ptr<engine::model::Source> make_source(const engine::settings::SourceConnection& connection,
                                                   const engine::settings::DialectDefinition& dialect);

/// What such a source tells about itself, over a connection of its own.
std::unique_ptr<engine::model::Catalogue> make_catalogue(const engine::settings::SourceConnection& connection,
                                                         const engine::settings::DialectDefinition& dialect);

/// What asks a source that is read through ODBC whether a query finds a row.
std::unique_ptr<engine::model::Inquirer> make_inquirer(const engine::settings::SourceConnection& connection,
                                                       const engine::settings::DialectDefinition& dialect);

/// What makes change logs at such a source; connected. Throws Error source_*.
std::unique_ptr<odbc::LogInstaller> make_log_installer(const engine::settings::SourceConnection& connection,
                                                       const engine::settings::DialectDefinition& dialect);

/// Whom alerts tell, in the order of the configuration.
std::vector<std::unique_ptr<engine::model::NoticeChannel>> make_notice_channels(
    const std::vector<engine::settings::AlertChannel>& alerts);

/// An HTTP target by its definition, or a built-in one (engine/settings/target/built_in.h).
std::unique_ptr<engine::model::Target> make_target(const engine::settings::TargetConnection& connection);

}  // namespace connectors::catalog
