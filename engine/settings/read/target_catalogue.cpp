#include "engine/settings/read/target_catalogue.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/settings/target/built_in.h"
#include "engine/settings/target/target_definition_reader.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

std::vector<std::string> yaml_names(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem());
  }
  if (missing && missing != std::errc::no_such_file_or_directory) {
    throw Error(ErrorCode::config_invalid, fmt::format("the folder {} cannot be read: {}", folder.string(), missing.message()), {},
                "the daemon's user must be able to read it");
  }
  std::sort(names.begin(), names.end());
  return names;
}

const TargetDefinition* TargetCatalogue::find(const std::string& name, const Origin& origin, Diagnostics& diagnostics) {
  auto found = read_.find(name);
  if (found == read_.end()) {
    found = read_.emplace(name, is_built_in(name) ? built_in_definition(name) : read(name, origin, diagnostics)).first;
  }
  return found->second ? &*found->second : nullptr;
}

std::optional<TargetDefinition> TargetCatalogue::read(const std::string& name, const Origin& origin,
                                                      Diagnostics& diagnostics) const {
  const auto known = names();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    diagnostics.error("reference.unknown", origin, fmt::format("there is no target '{}'", name),
                      did_you_mean(name, known, fmt::format("there are {}", listed(known, "and"))));
    return std::nullopt;
  }
  const std::filesystem::path path = file_of(name);
  const auto root = read_yaml_file(path, is_own(name) ? "targets/" + name + ".yaml" : path.string(), diagnostics);
  if (!root) return std::nullopt;
  auto definition = read_target_definition(*root, diagnostics);
  if (definition && definition->name != name) {
    diagnostics.error("name.mismatch", definition->origin,
                      fmt::format("the file {}.yaml defines the target '{}'", name, definition->name),
                      "name the file as the target");
  }
  return definition;
}

void TargetCatalogue::read_own(Diagnostics& diagnostics) {
  for (const std::string& name : own_names()) find(name, {}, diagnostics);
}

std::vector<std::string> TargetCatalogue::own_names() const { return yaml_names(own_); }

/// An own definition hides a shipped one of its name.
bool TargetCatalogue::is_own(const std::string& name) const { return !file_of(name).empty() && file_of(name).parent_path() == own_; }

std::filesystem::path TargetCatalogue::file_of(const std::string& name) const {
  for (const std::filesystem::path& folder : {own_, shipped_}) {
    std::filesystem::path path = folder / (name + ".yaml");
    if (!folder.empty() && std::filesystem::exists(path)) return path;
  }
  return {};
}

std::vector<std::string> TargetCatalogue::names() const {
  std::vector<std::string> names = yaml_names(own_);
  const std::vector<std::string> shipped = yaml_names(shipped_);
  names.insert(names.end(), shipped.begin(), shipped.end());
  names.insert(names.end(), built_in_targets().begin(), built_in_targets().end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace engine::settings
