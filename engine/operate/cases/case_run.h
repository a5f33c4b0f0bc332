// One case from its first row to what became of it, through the engine as it is.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/deliveries.h"
#include "engine/journal/delivery/guard/anomalies.h"
#include "engine/model/layout.h"
#include "engine/operate/cases/remote.h"
#include "engine/settings/instance.h"
#include "engine/settings/read/case/case_definition.h"

namespace engine::operate {

/// An anomaly with what it holds in the end.
struct CaseAnomaly {
  journal::Anomaly anomaly;
  std::int64_t held = 0;
};

/// What is there when a case has ended.
struct CaseOutcome {
  std::vector<SentRequest> requests;
  std::vector<journal::Delivery> deliveries;  ///< in order of their ids
  std::map<std::string, std::int64_t> changes;  ///< by operation
  std::vector<journal::LastSent> last_sent;
  std::vector<CaseAnomaly> anomalies;  ///< in order of their numbers
  std::vector<settings::CaseAnswer> unused_answers;
};

/// Layouts that tables had when the instance last read them.
using KnownLayouts = std::map<std::string, model::Layout>;

/// Captures into a journal of its own below `folder`, maps, and delivers to a `Remote`. Throws Error config_invalid, with the place,
/// for a step that cannot be taken; what the engine throws goes on.
CaseOutcome run_case(const settings::CaseDefinition& definition, const settings::Instance& instance, const KnownLayouts& known,
                     const std::filesystem::path& folder);

}  // namespace engine::operate
