// /metrics and /health of a running instance.
#pragma once

#include <memory>

#include "engine/inbound/http_server.h"
#include "engine/journal/journal.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

/// Serves at the address of `metrics:`; null when the instance names none. What only the journal knows (how far pipelines are
/// behind, deliveries by state) is read at each scrape. Throws environment_missing when the address can't be bound.
std::unique_ptr<inbound::HttpServer> serve_metrics(const settings::Instance& instance, journal::Journal& journal);

}  // namespace engine::pipeline
