// /metrics and /health of a running instance.
#pragma once

#include <functional>
#include <memory>

#include "engine/base/threads/pulse.h"
#include "engine/inbound/http_server.h"
#include "engine/journal/journal.h"
#include "engine/pipeline/live_status.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

using MetricsServer = std::unique_ptr<inbound::HttpServer>;

/// Serves at the address of `metrics:`; null when the instance names none. What only the journal knows (how far pipelines are
/// behind, deliveries by state) and what only the stages know is read at each scrape. /health is 503 while a stage is
/// silent. Throws environment_missing when the address can't be bound.
MetricsServer serve_metrics(const settings::Instance& instance, journal::Journal& journal,
                            std::function<LiveStatus()> live_status, const Pulse& pulse);

}  // namespace engine::pipeline
