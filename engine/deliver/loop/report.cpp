#include "engine/deliver/loop/report.h"

#include <algorithm>

#include "engine/base/log.h"
#include "engine/base/metrics.h"

namespace engine::deliver {

using journal::DeliveryState;

/// An end that is ordinary is a number; one that a person should know of is a log line, too.
void Report::ended(const Job& job, std::int64_t now_ms) {
  const journal::Delivery& delivery = job.delivery();
  ++counts_[{job.pipeline, delivery.state}];
  if (delivery.state == DeliveryState::delivered) {
    ++delivered_;
    const std::int64_t since_ms = job.head.captured_ms > 0 ? job.head.captured_ms : delivery.created_ms;
    const auto latency_ms = std::max<std::int64_t>(0, now_ms - since_ms);
    latencies_[job.pipeline].push_back(static_cast<double>(latency_ms) / 1000);
    return;
  }
  if (delivery.state != DeliveryState::dead && delivery.state != DeliveryState::uncertain) return;
  log_event(LogLevel::warning, delivery.state == DeliveryState::dead ? "deliver.dead_letter" : "deliver.uncertain",
            {{"pipeline", job.pipeline->name},
             {"key", delivery.key},
             {"delivery", std::to_string(delivery.id)},
             {"operation", delivery.operation},
             {"reason", delivery.reason}});
}

void Report::will_retry(const Job& job) { ++retries_[job.pipeline]; }

void Report::held(const Job& job, const std::string& why) { log_event(LogLevel::warning, "anomaly.held", {{"pipeline", job.pipeline->name}, {"why", why}}); }

void Report::connection_event(const std::string& event, const std::string& reason) {
  log_event(LogLevel::warning, event, {{"connection", connection_}, {"reason", reason}});
}

/// After each commit, and in bulk: to find a counter by its labels costs more than to count.
void Report::flush() {
  for (const auto& [what, number] : counts_) {
    count("datapicker_deliveries_total",
          {{"connection", connection_}, {"pipeline", what.first->name}, {"outcome", std::string(name_of(what.second))}},
          number);
  }
  counts_.clear();
  for (const auto& [pipeline, number] : retries_) {
    count("datapicker_delivery_retries_total", {{"connection", connection_}, {"pipeline", pipeline->name}}, number);
  }
  retries_.clear();
  for (const auto& [budget, number] : throttled_) {
    count("datapicker_target_throttled_total", {{"connection", connection_}, {"budget", budget}}, number);
  }
  throttled_.clear();
  for (const auto& [budget, ms] : waited_ms_) {
    count("datapicker_budget_wait_seconds_total", {{"connection", connection_}, {"budget", budget}},
          static_cast<double>(ms) / 1000);
  }
  waited_ms_.clear();
  for (const auto& [pipeline, seconds] : latencies_) {
    observe_seconds("datapicker_delivery_latency_seconds", {{"pipeline", pipeline->name}}, seconds);
  }
  latencies_.clear();
}

}  // namespace engine::deliver
