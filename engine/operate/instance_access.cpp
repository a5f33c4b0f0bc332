#include "engine/operate/instance_access.h"

#include "engine/operate/acts/request.h"

namespace engine::operate {

InvalidConfiguration::InvalidConfiguration(settings::Diagnostics diagnostics)
    : Error(ErrorCode::config_invalid, "the configuration is refused", {}, "`datapicker check` shows every problem"),
      diagnostics_(std::move(diagnostics)) {
  diagnostics_.sort();
}

namespace {

/// The likeliest mistake is to stand in the wrong folder: it is told as that, and not as a missing file.
void require_folder(const std::filesystem::path& folder) {
  if (std::filesystem::is_directory(folder)) return;
  throw Error(ErrorCode::environment_missing, "there is no instance folder " + folder.string(), {},
              "give the folder that holds datapicker.yaml with --instance DIR, or make one with `datapicker init DIR`");
}

}  // namespace

settings::Instance load_valid_instance(const settings::InstancePlace& place, bool resolve_secrets) {
  require_folder(place.path);
  settings::Diagnostics diagnostics;
  settings::Instance instance =
      settings::load_instance(place, settings::find_catalogues(), {.resolve_secrets = resolve_secrets}, diagnostics);
  if (!diagnostics.ok()) throw InvalidConfiguration(std::move(diagnostics));
  return instance;
}

settings::Instance load_for_inspection(const settings::InstancePlace& place, const std::string& connection,
                                       settings::Diagnostics& diagnostics) {
  require_folder(place.path);
  settings::Instance instance = settings::load_instance(place, settings::find_catalogues(), {}, diagnostics);
  if (instance.sources.contains(connection) || instance.targets.contains(connection)) return instance;
  if (!diagnostics.ok()) throw InvalidConfiguration(std::move(diagnostics));
  std::vector<std::string> names;
  for (const auto& [name, source] : instance.sources) names.push_back(name);
  for (const auto& [name, target] : instance.targets) names.push_back(name);
  throw Error(ErrorCode::config_invalid, "there is no connection '" + connection + "'", {},
              settings::did_you_mean(connection, names, names.empty() ? "write one into connections/" : "there is " + settings::listed(names, "and")));
}

std::optional<model::Layout> known_layout(journal::Records& records, const std::string& table) {
  const auto row = records.tables.find(table);
  if (!row || !row->layout_id) return std::nullopt;
  return records.tables.layout(*row->layout_id);
}

std::unique_ptr<pipeline::Planning> compiled_planning(journal::Records& records, const settings::Instance& instance,
                                                      const std::string& pipeline) {
  const settings::PipelineDefinition& definition = known_definition(instance.pipelines, "pipeline", pipeline);
  const auto layout = known_layout(records, definition.table);
  if (!layout) {
    throw Error(ErrorCode::config_invalid, "table " + definition.table + " was never read", {}, "start the daemon, or wait for its first read");
  }
  settings::Diagnostics diagnostics;
  auto planning = pipeline::Planning::compile(definition, *layout, diagnostics);
  if (!planning) throw InvalidConfiguration(std::move(diagnostics));
  return planning;
}

}  // namespace engine::operate
