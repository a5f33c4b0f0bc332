#include "engine/pipeline/metrics_endpoint.h"

#include "engine/base/log.h"
#include "engine/base/metrics.h"

namespace engine::pipeline {

namespace {

void publish_gauges(journal::Journal& journal) {
  auto reader = journal.read();
  for (const journal::PipelineRow& row : reader->pipelines.all()) {
    gauge("datapicker_pipeline_behind_changes", "changes not yet mapped", {{"pipeline", row.name}},
          static_cast<double>(reader->changes.count_after(row.table_id, row.position)));
    std::map<journal::DeliveryState, std::int64_t> counts;
    for (const auto state : {journal::DeliveryState::pending, journal::DeliveryState::held, journal::DeliveryState::in_flight,
                             journal::DeliveryState::uncertain, journal::DeliveryState::dead}) {
      counts[state] = 0;
    }
    for (const auto& [state, number] : reader->deliveries.counts(row.id)) counts[state] = number;
    for (const auto& [state, number] : counts) {
      gauge("datapicker_deliveries", "deliveries that are open or dead, by state",
            {{"pipeline", row.name}, {"state", std::string(name_of(state))}}, static_cast<double>(number));
    }
  }
}

inbound::HttpResponse answer_http(const inbound::HttpRequest& request, journal::Journal& journal) {
  if (request.path == "/health") return {200, "text/plain; charset=utf-8", "ok\n"};
  if (request.path != "/metrics") return {404, "text/plain; charset=utf-8", "there is /metrics and /health\n"};
  publish_gauges(journal);
  return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text()};
}

}  // namespace

std::unique_ptr<inbound::HttpServer> serve_metrics(const settings::Instance& instance, journal::Journal& journal) {
  if (!instance.metrics) return nullptr;
  const auto& [host, port] = *instance.metrics;
  auto server = std::make_unique<inbound::HttpServer>(
      host, port, [&journal](const inbound::HttpRequest& request) { return answer_http(request, journal); });
  log_event(LogLevel::info, "metrics.listening", {{"host", host}, {"port", std::to_string(server->port())}});
  return server;
}

}  // namespace engine::pipeline
