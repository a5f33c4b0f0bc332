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

/// For one load of an instance, on one thread; definitions stay where they are as long as it lives.
class TargetCatalogue {
 public:
  /// Without an instance (an empty path) there are only the shipped ones.
  TargetCatalogue(const std::filesystem::path& instance_folder, std::filesystem::path shipped)
      : own_(instance_folder.empty() ? instance_folder : instance_folder / "targets"), shipped_(std::move(shipped)) {}

  /// The definition, read once. Null pointer when there is none or it is of no use; both are reported, the first with
  /// `origin`.
  const TargetDefinition* find(const std::string& name, const Origin& origin, Diagnostics& diagnostics);
  /// Reads the instance's own definitions, whether or not a connection uses them: a broken one is found before it is needed.
  void read_own(Diagnostics& diagnostics);

  /// All that `find` knows, sorted.
  std::vector<std::string> names() const;
  std::vector<std::string> own_names() const;
  bool is_own(const std::string& name) const;
  /// Where it is written. Empty for one that is code.
  std::filesystem::path file_of(const std::string& name) const;

 private:
  std::optional<TargetDefinition> read(const std::string& name, const Origin& origin, Diagnostics& diagnostics) const;

  std::filesystem::path own_;
  std::filesystem::path shipped_;
  std::map<std::string, std::optional<TargetDefinition>> read_;
};

/// Names of the files NAME.yaml in a folder, sorted; none when there is no such folder.
std::vector<std::string> yaml_names(const std::filesystem::path& folder);

}  // namespace engine::settings
