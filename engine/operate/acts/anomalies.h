// `anomalies`: what guards hold, why, and what a release or a rejection would do.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/settings/instance.h"

namespace engine::operate {

struct ListedAnomaly {
  journal::Anomaly anomaly;
  std::string pipeline;
  std::int64_t held = 0;
  std::int64_t snoozed_until_ms = 0;  ///< 0: it is not snoozed
};

/// Open ones, oldest first; with `closed` the newest `limit` in any state. Throws config_invalid for a pipeline that is not there, with
/// the nearest name.
std::vector<ListedAnomaly> list_anomalies(journal::Records& records, const std::string& pipeline, bool closed, std::size_t limit);

/// One field of a held record: JSON texts, empty where there is none.
struct FieldSample {
  std::string field;
  std::string before;
  std::string after;
  /// What it holds at the target, where somebody changed it there; empty text: nothing. None: it was not read, or nobody did.
  std::optional<std::string> there{};
};
struct RecordSample {
  std::string key;
  std::string effect;  ///< create, update, delete, nothing
  std::vector<FieldSample> fields;
};

struct AnomalyStory {
  ListedAnomaly listed;
  std::string target;                            ///< "shop customers"
  std::int64_t looked_at = 0;                    ///< held deliveries that the counts below are of
  std::map<std::string, std::int64_t> effects;   ///< by name, as a release would have them now
  std::map<std::string, std::int64_t> fields;    ///< in how many updates each field differs
  std::vector<RecordSample> samples;
};

/// What its held deliveries would do now, against what was last sent. Throws config_invalid when there is none with this number.
AnomalyStory anomaly_story(journal::Records& records, std::int64_t id);

boost::json::object json_of(const ListedAnomaly& anomaly);
boost::json::object json_of(const AnomalyStory& story);

}  // namespace engine::operate
