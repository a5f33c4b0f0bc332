// How every verb reaches an instance: its configuration, its journal, its daemon.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/journal/journal.h"
#include "engine/pipeline/planning/planning.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// A configuration that was refused: every problem at once. Exit code 2.
class InvalidConfiguration : public Error {
 public:
  explicit InvalidConfiguration(settings::Diagnostics diagnostics);
  const settings::Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  settings::Diagnostics diagnostics_;
};

/// Loads and refuses whole. Throws InvalidConfiguration, or environment_missing when there is no such folder.
settings::Instance load_valid_instance(const settings::InstancePlace& place, bool resolve_secrets);

/// For looking around while the configuration is being written: other problems do not matter as long as this connection can be used.
/// Throws InvalidConfiguration when it cannot, config_invalid with the nearest name when there is none.
settings::Instance load_for_inspection(const settings::InstancePlace& place, const std::string& connection,
                                       settings::Diagnostics& diagnostics);

/// The layout a table had when it was last read; none before its first cycle.
std::optional<model::Layout> known_layout(journal::Records& records, const std::string& table);

/// A pipeline's mapping over the layout its table has now. Throws config_invalid for a pipeline that is not in the configuration (with the
/// nearest name) or whose table was never read, InvalidConfiguration when it does not compile.
std::unique_ptr<pipeline::Planning> compiled_planning(journal::Records& records, const settings::Instance& instance,
                                                      const std::string& pipeline);

}  // namespace engine::operate
