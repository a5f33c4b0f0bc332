#include "engine/operate/targets/shelf.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/operate/instance_access.h"

namespace engine::operate {

namespace {

std::filesystem::path folder_with_own(const settings::InstancePlace& place) {
  std::error_code unreadable;
  return std::filesystem::exists(place.path / "datapicker.yaml", unreadable) ? place.path : std::filesystem::path();
}

}  // namespace

TargetShelf::TargetShelf(const settings::InstancePlace& place)
    : catalogue_(folder_with_own(place), settings::find_catalogues().targets) {}

std::optional<ShelvedTarget> TargetShelf::read(const std::string& name, settings::Diagnostics& diagnostics) {
  const settings::TargetDefinition* definition = catalogue_.find(name, {}, diagnostics);
  if (definition == nullptr) return std::nullopt;
  ShelvedTarget target{.definition = *definition, .is_own = catalogue_.is_own(name), .file = catalogue_.file_of(name)};
  settings::Diagnostics told_before;
  if (!target.file.empty()) target.root = settings::read_yaml_file(target.file, target.file.string(), told_before);
  return target;
}

ShelvedTarget TargetShelf::take(const std::string& name) {
  const std::vector<std::string> known = names();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    throw Error(ErrorCode::config_invalid, fmt::format("there is no target '{}'", name), {},
                settings::did_you_mean(name, known, "there are " + settings::listed(known, "and")));
  }
  settings::Diagnostics diagnostics;
  auto target = read(name, diagnostics);
  if (!target) throw InvalidConfiguration(std::move(diagnostics));
  return std::move(*target);
}

std::vector<ShelvedTarget> TargetShelf::take_all(settings::Diagnostics& diagnostics) {
  std::vector<ShelvedTarget> all;
  for (const std::string& name : names()) {
    if (auto target = read(name, diagnostics)) all.push_back(std::move(*target));
  }
  return all;
}

std::string example_of(const ShelvedTarget& target, std::string_view file) {
  const settings::YamlNode* examples = target.root ? target.root->find("example") : nullptr;
  const settings::YamlNode* example = examples == nullptr ? nullptr : examples->find(file);
  return example == nullptr ? "" : example->text();
}

std::string proof_of(const settings::TargetDefinition& definition) {
  std::string text;
  for (const char* first : {"by", "version"}) {
    const auto said = definition.proved.find(first);
    if (said != definition.proved.end()) text += (text.empty() ? "" : " ") + said->second;
  }
  for (const auto& [what, value] : definition.proved) {
    if (what != "by" && what != "version") text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", what, value);
  }
  return text;
}

}  // namespace engine::operate
