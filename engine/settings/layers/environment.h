// env/NAME.yaml: what a trial of the same configuration has otherwise, chosen by `--env NAME`.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/settings/diagnostics.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// The kinds of files that an environment lays something over, by the names of their sections in env/NAME.yaml.
enum class Section : std::uint8_t { connections, tables, pipelines };

class Environment {
 public:
  /// Reads the file; an empty name stands for no environment, which changes nothing. A key that an environment must not
  /// change is reported and left out.
  Environment(const std::filesystem::path& instance_folder, const std::string& name, Diagnostics& diagnostics);

  const std::string& name() const { return name_; }

  /// datapicker.yaml with what the environment says of it. Without a journal path of its own the environment's name
  /// goes into the production's: a trial never writes there.
  YamlNode over_instance_file(const YamlNode& file);

  /// The definition `name` with what the environment says of it. Credentials (`auth`) are replaced as a whole, and so is
  /// a connection whose `target` the environment names.
  YamlNode over(Section section, const std::string& name, const YamlNode& file);

  /// Nothing leaves by accident: each target connection has `dry_run` or `redirect`, or the environment gives it another
  /// address or other credentials. `file` is the connection with the environment laid over it.
  void require_safe(const std::string& name, const YamlNode& file);

  /// Reports what the environment says of things that are not there.
  void report_unknown();

 private:
  void read_sections(const YamlNode& root);
  YamlNode allowed_of_instance(const YamlNode& root);
  YamlNode allowed_of(Section section, const YamlEntry& entry);

  std::string name_;
  Diagnostics& diagnostics_;
  bool is_readable_ = false;  ///< there is one, and its file is no riddle
  YamlNode instance_;  ///< what it says of datapicker.yaml
  std::map<Section, std::map<std::string, YamlNode>> said_;
  std::map<Section, std::map<std::string, Origin>> origins_;
  std::map<Section, std::set<std::string>> known_;
};

}  // namespace engine::settings
