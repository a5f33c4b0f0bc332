#include "engine/operate/review/plan/sameness.h"

#include <fstream>
#include <iterator>

#include "engine/settings/layers/explain.h"

namespace engine::operate {

namespace {

/// The instance's own definitions of targets are used as they stand in their files.
void add_own_targets(const std::filesystem::path& folder, std::string& into) {
  std::map<std::string, std::string> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename().string()] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  for (const auto& [name, text] : files) into += name + "\n" + text + "\n";
}

bool is_use_same(const settings::TargetUse& now, const settings::TargetUse& then) {
  return now.connection == then.connection && now.object == then.object && now.mode == then.mode && now.whole_updates == then.whole_updates &&
         now.on_delete == then.on_delete && now.on_delete_update == then.on_delete_update && now.redirect == then.redirect;
}

}  // namespace

Sameness::Definitions Sameness::definitions_of(const settings::InstancePlace& place) {
  settings::Diagnostics ignored;
  Definitions definitions;
  for (settings::ExplainedFile& file : settings::explained(place, {}, ignored)) {
    definitions[file.file.substr(0, file.file.find('/')) + "/" + file.name] = std::move(file.json);
  }
  add_own_targets(place.path / "targets", definitions["targets"]);
  return definitions;
}

Sameness::Sameness(const settings::InstancePlace& now, const settings::InstancePlace& then)
    : now_(definitions_of(now)), then_(definitions_of(then)) {}

bool Sameness::is_same(const std::string& kind_and_name) const {
  const auto now = now_.find(kind_and_name);
  const auto then = then_.find(kind_and_name);
  return now != now_.end() && then != then_.end() && now->second == then->second;
}

bool Sameness::is_table_same(const std::string& name) const { return is_same("tables/" + name); }

bool Sameness::is_sending_same(const settings::PipelineDefinition& now, const settings::PipelineDefinition& then) const {
  return now.name == then.name && now.deliver == then.deliver && is_use_same(now.target, then.target) &&
         is_same("connections/" + now.target.connection) && is_same("targets") && is_same("datapicker.yaml/datapicker");
}

}  // namespace engine::operate
