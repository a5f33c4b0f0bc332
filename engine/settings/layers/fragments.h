// fragments/NAME.yaml: what several files say alike, written once and named by `use:`.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

class Fragments {
 public:
  Fragments(const std::filesystem::path& instance_folder, Diagnostics& diagnostics)
      : folder_(instance_folder / "fragments"), diagnostics_(diagnostics) {}

  /// The file over the fragments it names, without its `use:`. Of two fragments the later one wins, and the file wins
  /// over both. What cannot be found, read or ended (a cycle) is reported and left out.
  YamlNode merged_into(const YamlNode& file);

 private:
  const YamlNode* find(const YamlNode& name);
  std::optional<YamlNode> read(const std::string& name);
  void report_cycle(const YamlNode& name);

  std::filesystem::path folder_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::optional<YamlNode>> read_;
  std::vector<std::string> open_;  ///< fragments being read, each named by the one before
};

}  // namespace engine::settings
