#include "engine/pipeline/metrics_endpoint.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/metrics.h"

namespace engine::pipeline {

namespace {

/// Pipelines that the journal remembers and the instance has no more are left out: they would seem to stand still.
void publish_journal(const settings::Instance& instance, journal::Journal& journal) {
  const Clock& clock = system_clock();
  auto reader = journal.read();
  for (const journal::PipelineRow& row : reader->pipelines.all()) {
    if (!instance.pipelines.contains(row.name)) continue;
    const MetricLabels labels{{"pipeline", row.name}};
    gauge("datapicker_pipeline_behind_changes", labels,
          static_cast<double>(reader->changes.count_after(row.table_id, row.position)));
    std::int64_t oldest_ms = clock.wall_ms();
    for (const auto waiting_ms : {reader->changes.captured_ms_after(row.table_id, row.position),
                                  reader->deliveries.oldest_under_way_ms(row.id)}) {
      oldest_ms = std::min(oldest_ms, waiting_ms.value_or(oldest_ms));
    }
    gauge("datapicker_pipeline_lag_seconds", labels, static_cast<double>(clock.wall_ms() - oldest_ms) / 1000);
    std::map<journal::DeliveryState, std::int64_t> counts;
    for (const auto state : {journal::DeliveryState::pending, journal::DeliveryState::held, journal::DeliveryState::in_flight,
                             journal::DeliveryState::uncertain, journal::DeliveryState::dead}) {
      counts[state] = 0;
    }
    for (const auto& [state, number] : reader->deliveries.counts(row.id)) counts[state] = number;
    for (const auto& [state, number] : counts) {
      gauge("datapicker_deliveries", {{"pipeline", row.name}, {"state", std::string(name_of(state))}}, static_cast<double>(number));
    }
    const std::vector<journal::Anomaly> anomalies = reader->anomalies.all_open();
    gauge("datapicker_anomalies_open", labels, static_cast<double>(std::count_if(anomalies.begin(), anomalies.end(), [&](const auto& each) {
            return each.pipeline_id == row.id;
          })));
  }
}

void publish_disk(const std::filesystem::path& journal_path) {
  std::error_code missing;
  for (const auto& [part, suffix] : {std::pair("database", ""), std::pair("wal", "-wal")}) {
    const auto bytes = std::filesystem::file_size(journal_path.string() + suffix, missing);
    gauge("datapicker_journal_bytes", {{"part", part}}, missing ? 0 : static_cast<double>(bytes));
  }
  const auto space = std::filesystem::space(journal_path.parent_path(), missing);
  if (!missing) gauge("datapicker_journal_free_bytes", {}, static_cast<double>(space.available));
}

void publish_stages(const LiveStatus& live, const Pulse& pulse) {
  const std::int64_t now_ms = system_clock().wall_ms();
  const std::vector<std::string> silent = pulse.silent();
  for (const std::string& stage : pulse.stages()) {
    gauge("datapicker_stage_silent", {{"stage", stage}}, std::count(silent.begin(), silent.end(), stage) > 0 ? 1 : 0);
  }
  gauge("datapicker_process_start_seconds", {}, static_cast<double>(live.started_ms) / 1000);
  for (const TableLive& table : live.tables) {
    gauge("datapicker_table_up", {{"table", table.name}, {"connection", table.connection}}, is_well(table) ? 1 : 0);
    const std::int64_t since_ms = table.last_cycle_ms > 0 ? table.last_cycle_ms : live.started_ms;
    gauge("datapicker_capture_age_seconds", {{"table", table.name}}, static_cast<double>(now_ms - since_ms) / 1000);
  }
  for (const PipelineLive& pipeline : live.pipelines) {
    gauge("datapicker_pipeline_up", {{"pipeline", pipeline.name}}, pipeline.state == "stopped" ? 0 : 1);
  }
  for (const TargetLive& target : live.targets) {
    gauge("datapicker_target_in_flight", {{"connection", target.name}}, target.in_flight);
    for (const char* state : {"running", "open", "auth_refused", "paused", "stopped"}) {
      gauge("datapicker_target_state", {{"connection", target.name}, {"state", state}}, target.state == state ? 1 : 0);
    }
  }
}

inbound::HttpResponse health(const Pulse& pulse) {
  const std::vector<std::string> silent = pulse.silent();
  if (silent.empty()) return {200, "text/plain; charset=utf-8", "ok\n"};
  return {503, "text/plain; charset=utf-8", fmt::format("no answer from: {}\n", fmt::join(silent, ", "))};
}

}  // namespace

std::unique_ptr<inbound::HttpServer> serve_metrics(const settings::Instance& instance, journal::Journal& journal,
                                                   std::function<LiveStatus()> live_status, const Pulse& pulse) {
  if (!instance.metrics) return nullptr;
  const auto& [host, port] = *instance.metrics;
  gauge("datapicker_build", {{"version", DATAPICKER_VERSION}}, 1);
  auto answer = [&instance, &journal, live_status = std::move(live_status), &pulse](const inbound::HttpRequest& request) {
    if (request.path == "/health") return health(pulse);
    if (request.path != "/metrics") return inbound::HttpResponse{404, "text/plain; charset=utf-8", "there is /metrics and /health\n"};
    publish_stages(live_status(), pulse);
    publish_journal(instance, journal);
    publish_disk(instance.journal_path);
    return inbound::HttpResponse{200, "text/plain; version=0.0.4; charset=utf-8", metrics_text()};
  };
  auto server = std::make_unique<inbound::HttpServer>(host, port, std::move(answer));
  log_event(LogLevel::info, "metrics.listening", {{"host", host}, {"port", std::to_string(server->port())}});
  return server;
}

}  // namespace engine::pipeline
