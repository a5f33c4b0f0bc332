// The history of a system-versioned table of MariaDB as a feed of its changes.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "connectors/odbc/feed/version_text.h"
#include "connectors/odbc/session.h"
#include "connectors/odbc/text_query.h"
#include "engine/model/source.h"

namespace connectors::odbc {

/// What looks found in the overlap: the next one finds it again. And what the table is like, as it was at most a minute ago.
struct VersionsFound {
  std::string made;
  versions::Period period;
  std::chrono::steady_clock::time_point asked;
  std::set<std::string> changes;
  std::chrono::steady_clock::time_point looked_wide;  ///< when all of the overlap was looked at
};
/// By table. Belongs to a session, and ends before it.
using VersionsTold = std::map<std::string, VersionsFound>;

/// Where the columns of the period are declared, an index on each spares a look the scan of the table and its history. Session and memory outlive it.
/// Throws source_refused when the dialect knows no versions.
std::unique_ptr<engine::model::ChangeFeed> open_versions(const std::shared_ptr<Session>& session, VersionsTold& told, const engine::model::TableRequest& table,
                                                         const engine::model::TableShape& shape, const engine::model::LogName& name);

}  // namespace connectors::odbc
