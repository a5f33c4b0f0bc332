// Counters, gauges and histograms of the process, serialised in Prometheus' text format.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace engine {

using MetricLabels = std::map<std::string, std::string>;

enum class MetricKind { counter, gauge, histogram };

/// One metric as it is documented. Its name, labels and meaning are a promise to dashboards and alert rules.
struct Metric {
  std::string_view name;  ///< `datapicker_<noun>_<unit>_total`
  MetricKind kind;
  std::string_view labels;
  std::string_view help;
};
/// Every metric there is, in the order of a change's way.
std::span<const Metric> known_metrics();
/// docs/metrics.md.
std::string metrics_reference();

/// The name must be one of known_metrics().
void count(std::string_view name, const MetricLabels& labels, double by = 1);
void gauge(std::string_view name, const MetricLabels& labels, double value);
/// Seconds; buckets from 1 ms to 5 minutes.
void observe_seconds(std::string_view name, const MetricLabels& labels, double seconds);
/// Many at once: to find a histogram by its labels costs more than to count in it.
void observe_seconds(std::string_view name, const MetricLabels& labels, std::span<const double> seconds);

/// What is served at /metrics; like all here it may be called from any thread.
std::string metrics_text();

}  // namespace engine
