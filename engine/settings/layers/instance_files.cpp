#include "engine/settings/layers/instance_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/layers/environment.h"
#include "engine/settings/layers/for_each.h"
#include "engine/settings/layers/fragments.h"
#include "engine/settings/read/instance_file_reader.h"
#include "engine/settings/read/placeholders.h"
#include "engine/settings/read/target_catalogue.h"

namespace engine::settings {
namespace {

namespace fs = std::filesystem;

/// One reading of one folder. Every step goes on after problems, so that all are told at once.
class FilesReader {
 public:
  FilesReader(const InstancePlace& folder, Diagnostics& diagnostics)
      : folder_(folder.path),
        diagnostics_(diagnostics),
        fragments_(folder.path, diagnostics),
        environment_(folder.path, folder.environment, diagnostics) {}

  std::optional<InstanceFiles> read() {
    if (!read_main()) return std::nullopt;
    for (const std::string& name : yaml_names(folder_ / "connections")) read_connection(name);
    for (const std::string& name : yaml_names(folder_ / "tables"))
      read_each(Section::tables, "table", "tables/" + name + ".yaml", name, files_.tables);
    for (const std::string& name : pipeline_folders())
      read_each(Section::pipelines, "pipeline", "pipelines/" + name + "/pipeline.yaml", name, files_.pipelines);
    environment_.report_unknown();
    return std::move(files_);
  }

 private:
  bool read_main() {
    if (!fs::exists(folder_ / "datapicker.yaml")) {
      diagnostics_.error("file.missing", {"datapicker.yaml", 0, 0},
                         fmt::format("the folder '{}' has no datapicker.yaml", folder_.string()),
                         "create it with 'instance: name', or name another folder");
      // A source can be looked at before there is an instance.
      return fs::is_directory(folder_ / "connections");
    }
    const auto root = read_yaml_file(folder_ / "datapicker.yaml", "datapicker.yaml", diagnostics_);
    if (!root) return true;
    const YamlNode whole = environment_.over_instance_file(*root);
    variables_ = read_variables(whole, diagnostics_);
    files_.main = with_variables(whole);
    return true;
  }

  /// Without readable variables every use of one would look wrong, so they are left alone.
  YamlNode with_variables(const YamlNode& root) {
    return variables_ ? settings::with_variables(root, *variables_, diagnostics_) : root;
  }

  std::optional<YamlNode> read_file(const std::string& shown) {
    const auto root = read_yaml_file(folder_ / shown, shown, diagnostics_);
    if (!root) return std::nullopt;
    if (root->is_map()) return fragments_.merged_into(*root);
    diagnostics_.error("value.type", {shown, 0, 0},
                       fmt::format("the file must hold a map, not {}", root->kind_name()));
    return std::nullopt;
  }

  /// The name that a definition gives itself, else its file's.
  static std::string own_name(const YamlNode& root, const char* key, const std::string& name) {
    const YamlNode* written = root.find(key);
    return written != nullptr && written->is_scalar() && !written->text().empty() ? written->text() : name;
  }

  void read_connection(const std::string& name) {
    SettingsFile file{.shown = "connections/" + name + ".yaml", .name = name, .family = name};
    if (const auto root = read_file(file.shown)) {
      const std::string called = own_name(*root, "connection", name);
      file.root = with_variables(environment_.over(Section::connections, called, *root));
      environment_.require_safe(called, *file.root);
    }
    files_.connections.push_back(std::move(file));
  }

  void read_each(Section section, const char* name_key, const std::string& shown, const std::string& name,
                 std::vector<SettingsFile>& into) {
    const auto root = read_file(shown);
    if (!root) {
      into.push_back({.shown = shown, .name = name, .family = name});
      return;
    }
    const YamlNode whole = environment_.over(section, own_name(*root, name_key, name), *root);
    const std::vector<Expansion> expansions = expanded(whole, name_key, diagnostics_);
    if (expansions.empty()) into.push_back({.shown = shown, .name = name, .family = name});
    for (const Expansion& expansion : expansions) {
      into.push_back({.shown = shown,
                      .name = expansion.name.empty() ? name : name + "_" + expansion.value,
                      .family = name,
                      .each_name = expansion.name,
                      .each_value = expansion.value,
                      .root = with_variables(expansion.root)});
    }
  }

  // A folder that cannot be looked into is not an empty one.
  void refuse_unreadable(const std::string& shown, const std::error_code& problem) {
    if (!problem || problem == std::errc::no_such_file_or_directory) return;
    diagnostics_.error("file.unreadable", {shown, 0, 0}, "it cannot be read: " + problem.message(), "the daemon's user must be able to read it");
  }

  void add_pipeline(const fs::path& path, std::vector<std::string>& names) {
    const std::string folder = path.filename();
    std::error_code problem;
    if (fs::exists(path / "pipeline.yaml", problem)) {
      names.push_back(folder);
    } else if (problem) {
      refuse_unreadable("pipelines/" + folder, problem);
    } else {
      diagnostics_.error("file.missing", {"pipelines/" + folder + "/pipeline.yaml", 0, 0},
                         "the folder of a pipeline holds no pipeline.yaml", "add it, or remove the folder");
    }
  }

  std::vector<std::string> pipeline_folders() {
    std::vector<std::string> names;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder_ / "pipelines", missing)) {
      const std::string name = entry.path().stem();
      if (!entry.is_directory()) {
        if (entry.path().extension() == ".yaml") {
          diagnostics_.error("file.misplaced", {"pipelines/" + name + ".yaml", 0, 0},
                             "a pipeline has a folder of its own",
                             fmt::format("move it to pipelines/{}/pipeline.yaml", name));
        }
      } else {
        add_pipeline(entry.path(), names);
      }
    }
    refuse_unreadable("pipelines", missing);
    std::sort(names.begin(), names.end());
    return names;
  }

  fs::path folder_;
  Diagnostics& diagnostics_;
  Fragments fragments_;
  Environment environment_;
  std::optional<Variables> variables_;  ///< none when they cannot be read
  InstanceFiles files_;
};

}  // namespace

std::optional<InstanceFiles> read_instance_files(const InstancePlace& folder, Diagnostics& diagnostics) {
  return FilesReader(folder, diagnostics).read();
}

}  // namespace engine::settings
