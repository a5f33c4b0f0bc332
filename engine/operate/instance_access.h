// How every verb reaches an instance: its configuration, its journal, its daemon.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
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

/// For looking around while the configuration is being written: other problems do not matter as long as this connection can be used.
/// Throws InvalidConfiguration when it cannot, config_invalid with the nearest name when there is none.
settings::Instance load_for_inspection(const settings::InstancePlace& place, const std::string& connection,
                                       settings::Diagnostics& diagnostics);

/// The layout a table had when it was last read; none before its first cycle.
std::optional<model::Layout> known_layout(journal::Records& records, const std::string& table);

/// A key as the change log and as the row images have it.
struct WantedKey {
  std::string json;
  std::string encoded;
};
/// The key that a person typed, one word a column. Throws config_invalid, with what would fit, for one that does not, and for a table
/// that was never read.
WantedKey wanted_key(journal::Records& records, const std::string& table, std::span<const std::string> parts);

}  // namespace engine::operate
