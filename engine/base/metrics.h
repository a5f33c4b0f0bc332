// Counters, gauges and histograms of the process, serialised in Prometheus' text format.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace engine {

using MetricLabels = std::map<std::string, std::string>;

/// Names follow `datapicker_<noun>_<unit>_total`. Help texts are given at the first call of a name.
void count(std::string_view name, std::string_view help, const MetricLabels& labels, double by = 1);
void gauge(std::string_view name, std::string_view help, const MetricLabels& labels, double value);
/// Seconds; buckets from 1 ms to 5 minutes.
void observe_seconds(std::string_view name, std::string_view help, const MetricLabels& labels, double seconds);

std::string metrics_text();

}  // namespace engine
