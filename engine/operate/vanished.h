// Pipelines that are in the journal and no more in the folder, while records at a target are theirs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// Nobody is left to say what shall become of its records.
struct VanishedPipeline {
  std::string name;
  std::int64_t live = 0;  ///< records at a target by its hand, which nobody keeps up to date
};

/// A folder that is not there any more is no order to delete: it may be a mistake, or a rename without `renamed_from`.
std::vector<VanishedPipeline> vanished_pipelines(const settings::Instance& instance, journal::Records& records);

/// One warning each; none when there is no journal that can be read.
void warn_of_vanished(const settings::Instance& instance, settings::Diagnostics& diagnostics);

}  // namespace engine::operate
