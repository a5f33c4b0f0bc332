// The target definitions that an instance can use: those of its own folder, those that are shipped, those that are code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/instance.h"
#include "engine/settings/read/target_catalogue.h"
#include "engine/settings/yaml_node.h"

namespace engine::operate {

/// A definition, and where it comes from.
struct ShelvedTarget {
  settings::TargetDefinition definition;
  bool is_own = false;
  std::filesystem::path file;              ///< empty: it is code
  std::optional<settings::YamlNode> root;  ///< the file as it is written
};

class TargetShelf {
 public:
  /// A folder that is no instance has no definitions of its own. Throws environment_missing without the shipped ones.
  explicit TargetShelf(const settings::InstancePlace& place);

  std::vector<std::string> names() const { return catalogue_.names(); }
  /// Throws config_invalid with the nearest name when there is none, InvalidConfiguration when it is of no use.
  ShelvedTarget take(const std::string& name);
  /// All that can be used; what is wrong with the others is in `diagnostics`.
  std::vector<ShelvedTarget> take_all(settings::Diagnostics& diagnostics);

 private:
  std::optional<ShelvedTarget> read(const std::string& name, settings::Diagnostics& diagnostics);

  settings::TargetCatalogue catalogue_;
};

/// A whole file of `example:`, "connection" or "pipeline". Empty: the definition shows none.
std::string example_of(const ShelvedTarget& target, std::string_view file);

/// "real server 5.0.3": how the definition was tried, on one line.
std::string proof_of(const settings::TargetDefinition& definition);

}  // namespace engine::operate
