// The YAML files of an instance as they are meant: fragments, the environment and variables put in, `for_each` written
// out. Every value keeps the place where it was written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/instance.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// A definition as one file, or one turn of its `for_each`, says it.
struct SettingsFile {
  std::string shown;             ///< "tables/anacli.yaml"
  std::string name;              ///< that its folder or file gives it, with the value of `for_each`: "anacli_A01"
  std::string family;            ///< the same without that value
  std::string each_name;         ///< "company"; empty without `for_each`
  std::string each_value;        ///< "A01"
  std::optional<YamlNode> root;  ///< none when the file cannot be read or is no map; that is reported
};

struct InstanceFiles {
  std::optional<YamlNode> main;  ///< datapicker.yaml
  std::vector<SettingsFile> connections;
  std::vector<SettingsFile> tables;
  std::vector<SettingsFile> pipelines;
};

/// Secrets stay as `${secret:x}`. nullopt when the folder holds no datapicker.yaml.
std::optional<InstanceFiles> read_instance_files(const InstancePlace& folder, Diagnostics& diagnostics);

}  // namespace engine::settings
