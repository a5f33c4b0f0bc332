// A source that answers in time, also when a call into its driver never comes back.
#pragma once

#include <functional>
#include <memory>

#include "engine/base/threads/leavable_thread.h"
#include "engine/model/source.h"
#include "engine/settings/connection_definition.h"

namespace connectors::catalog {

using MakeSource = std::function<std::unique_ptr<engine::model::Source>(std::shared_ptr<engine::SignOfLife>)>;

/// All calls are made on a thread of its own, which reads the next rows of a stream while those before are worked on. `query_timeout` cancels those that take too long; one that does not hear it is waited for a little longer, and
/// is then left behind with its thread and its connection: source_unreachable, and the next call makes both anew. At most a few of a
/// connection's calls are left behind at a time; then it throws source_unreachable until one comes back.
/// `make` gives a source that shows its sign of life around every call of the driver.
std::unique_ptr<engine::model::Source> bounded(const engine::settings::SourceConnection& connection, MakeSource make);

}  // namespace connectors::catalog
