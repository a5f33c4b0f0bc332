// How every verb reaches an instance: its configuration, its journal, its daemon.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/journal/journal.h"
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

/// The layout a table had when it was last read; none before its first cycle.
std::optional<model::Layout> known_layout(journal::Records& records, const std::string& table);

}  // namespace engine::operate
