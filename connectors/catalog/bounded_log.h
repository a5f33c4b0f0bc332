// The logs of a bounded source: their calls are made on its thread, too.
#pragma once

#include <memory>

#include "connectors/odbc/bound/driver_thread.h"
#include "engine/model/source/change_feed.h"
#include "engine/model/source/change_log.h"

namespace connectors::catalog {

std::unique_ptr<engine::model::ChangeLog> bounded_log(std::shared_ptr<odbc::DriverThread> thread, std::unique_ptr<engine::model::ChangeLog> log);
std::unique_ptr<engine::model::ChangeFeed> bounded_feed(std::shared_ptr<odbc::DriverThread> thread, std::unique_ptr<engine::model::ChangeFeed> feed);

}  // namespace connectors::catalog
