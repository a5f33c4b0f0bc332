#include "engine/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

#include "engine/base/error.h"

namespace engine {

namespace {

struct Metrics {
  std::mutex mutex;
  prometheus::Registry registry;
  std::map<std::string, prometheus::Family<prometheus::Counter>*, std::less<>> counters;
  std::map<std::string, prometheus::Family<prometheus::Gauge>*, std::less<>> gauges;
  std::map<std::string, prometheus::Family<prometheus::Histogram>*, std::less<>> histograms;
};

Metrics& metrics() {
  static Metrics all;
  return all;
}

/// A name that the catalogue lacks is a bug: it would be in no documentation.
std::string help_of(std::string_view name) {
  for (const Metric& metric : known_metrics()) {
    if (metric.name == name) return std::string(metric.help);
  }
  invariant_broken(__FILE__, __LINE__, std::string(name).c_str());
}

template <class Families, class Builder>
/// Families are made at their first use, and live as long as the process.
auto& family_of(Families& families, Builder builder, std::string_view name) {
  Metrics& all = metrics();
  const std::lock_guard lock(all.mutex);
  const auto known = families.find(name);
  if (known != families.end()) return *known->second;
  auto& made = builder.Name(std::string(name)).Help(help_of(name)).Register(all.registry);
  families.emplace(std::string(name), &made);
  return made;
}

}  // namespace

void count(std::string_view name, const MetricLabels& labels, double by) {
  family_of(metrics().counters, prometheus::BuildCounter(), name).Add(labels).Increment(by);
}

void gauge(std::string_view name, const MetricLabels& labels, double value) {
  family_of(metrics().gauges, prometheus::BuildGauge(), name).Add(labels).Set(value);
}

void observe_seconds(std::string_view name, const MetricLabels& labels, double seconds) {
  observe_seconds(name, labels, std::span(&seconds, 1));
}

void observe_seconds(std::string_view name, const MetricLabels& labels, std::span<const double> seconds) {
  static const prometheus::Histogram::BucketBoundaries boundaries{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                                  1,     2.5,   5,    10,    30,   60,  300};
  auto& histogram = family_of(metrics().histograms, prometheus::BuildHistogram(), name).Add(labels, boundaries);
  for (const double each : seconds) histogram.Observe(each);
}

std::string metrics_text() { return prometheus::TextSerializer().Serialize(metrics().registry.Collect()); }

}  // namespace engine
