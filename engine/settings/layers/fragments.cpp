#include "engine/settings/layers/fragments.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/layers/merge.h"
#include "engine/settings/map_reader.h"
#include "engine/settings/read/target_catalogue.h"

namespace engine::settings {

YamlNode Fragments::merged_into(const YamlNode& file) {
  const YamlNode* use = file.find("use");
  if (use == nullptr) return file;
  MapReader reader(file, pipeline_block(), "the file", diagnostics_);
  reader.texts("use");
  std::optional<YamlNode> base;
  const auto lay = [&](const YamlNode& name) {
    if (!name.is_scalar() || name.text().empty()) return;
    const YamlNode* fragment = find(name);
    if (fragment != nullptr) base = base ? merged(*base, *fragment) : *fragment;
  };
  if (use->is_scalar()) lay(*use);
  for (const YamlNode& name : use->items()) lay(name);
  const YamlNode own = without_key(file, "use");
  return base ? merged(*base, own) : own;
}

const YamlNode* Fragments::find(const YamlNode& name) {
  if (std::find(open_.begin(), open_.end(), name.text()) != open_.end()) {
    report_cycle(name);
    return nullptr;
  }
  const auto known = read_.find(name.text());
  if (known != read_.end()) return known->second ? &*known->second : nullptr;
  const std::vector<std::string> names = yaml_names(folder_);
  if (std::find(names.begin(), names.end(), name.text()) == names.end()) {
    const std::string otherwise = names.empty() ? fmt::format("write it as fragments/{}.yaml", name.text())
                                                : fmt::format("there are {}", listed(names, "and"));
    diagnostics_.error("reference.unknown", name.origin(), fmt::format("no fragment is called '{}'", name.text()),
                       did_you_mean(name.text(), names, otherwise));
    return nullptr;
  }
  open_.push_back(name.text());
  auto fragment = read(name.text());
  open_.pop_back();
  const auto& kept = read_.emplace(name.text(), std::move(fragment)).first->second;
  return kept ? &*kept : nullptr;
}

std::optional<YamlNode> Fragments::read(const std::string& name) {
  const std::string shown = "fragments/" + name + ".yaml";
  auto root = read_yaml_file(folder_ / (name + ".yaml"), shown, diagnostics_);
  if (!root) return std::nullopt;
  if (!root->is_map()) {
    refuse_kind(*root, fmt::format("the fragment '{}'", name), "a map", diagnostics_);
    return std::nullopt;
  }
  return merged_into(*root);
}

void Fragments::report_cycle(const YamlNode& name) {
  std::string way;
  for (auto step = std::find(open_.begin(), open_.end(), name.text()); step != open_.end(); ++step)
    way += *step + " → ";
  diagnostics_.error("fragment.cycle", name.origin(), fmt::format("fragments use each other: {}{}", way, name.text()),
                     "remove one of these 'use:'");
}

}  // namespace engine::settings
