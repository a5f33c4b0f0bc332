// What is promised to dashboards and rules: docs/metrics.md is fresh, and they name only metrics that are there.
// UPDATE_GOLDEN=1 writes the page anew.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "engine/base/metrics.h"

using namespace engine;

namespace {

std::string text_of_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The names a text uses, without what a histogram appends to its own.
std::set<std::string> metrics_named_in(const std::string& text) {
  static const std::regex name("datapicker_[a-z_]+");
  static const std::regex suffix("_(bucket|sum|count)$");
  std::set<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) {
    names.insert(std::regex_replace(at->str(), suffix, ""));
  }
  return names;
}

}  // namespace

TEST_CASE("the page of metrics is what the code says") {
  const std::string path = SOURCE_DIR "/docs/metrics.md";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << metrics_reference();
  CHECK(text_of_file(path) == metrics_reference());
}

TEST_CASE("the dashboard and the alert rules name only metrics that are there") {
  std::set<std::string> known;
  for (const Metric& metric : known_metrics()) known.emplace(metric.name);
  for (const char* path : {SOURCE_DIR "/config/grafana/datapicker.json", SOURCE_DIR "/config/prometheus/alerts.yaml"}) {
    const auto named = metrics_named_in(text_of_file(path));
    CHECK(named.size() > 8);
    for (const std::string& name : named) {
      CAPTURE(path);
      CAPTURE(name);
      CHECK(known.contains(name));
    }
  }
}

TEST_CASE("counters end in _total, and nothing else does") {
  for (const Metric& metric : known_metrics()) {
    CAPTURE(metric.name);
    CHECK(metric.name.ends_with("_total") == (metric.kind == MetricKind::counter));
    CHECK(metric.name.starts_with("datapicker_"));
  }
}
