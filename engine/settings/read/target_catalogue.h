// Finds target definitions by name: the instance's own `targets/` folder goes before the shipped catalogue.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/target_definition.h"

namespace engine::settings {

class TargetCatalogue {
 public:
  TargetCatalogue(std::filesystem::path instance_folder, std::filesystem::path shipped)
      : own_(instance_folder / "targets"), shipped_(std::move(shipped)) {}

  /// The definition, read once. Null pointer when there is none or it is of no use; both are reported, the first with
  /// `origin`.
  const TargetDefinition* find(const std::string& name, const Origin& origin, Diagnostics& diagnostics);

 private:
  std::optional<TargetDefinition> read(const std::string& name, const Origin& origin, Diagnostics& diagnostics) const;
  std::vector<std::string> names() const;

  std::filesystem::path own_;
  std::filesystem::path shipped_;
  std::map<std::string, std::optional<TargetDefinition>> read_;
};

/// Names of the files NAME.yaml in a folder, sorted; none when there is no such folder.
std::vector<std::string> yaml_names(const std::filesystem::path& folder);

}  // namespace engine::settings
