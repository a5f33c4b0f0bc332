#include "engine/operate/instance_access.h"

namespace engine::operate {

InvalidConfiguration::InvalidConfiguration(settings::Diagnostics diagnostics)
    : Error(ErrorCode::config_invalid, "the configuration is refused", {}, "`datapicker check` shows every problem"),
      diagnostics_(std::move(diagnostics)) {
  diagnostics_.sort();
}

settings::Instance load_valid_instance(const settings::InstancePlace& place, bool resolve_secrets) {
  if (!std::filesystem::is_directory(place.path)) {
    throw Error(ErrorCode::environment_missing, "there is no instance folder " + place.path.string(), {},
                "give the folder that holds datapicker.yaml with --instance DIR");
  }
  settings::Diagnostics diagnostics;
  settings::Instance instance =
      settings::load_instance(place, settings::find_catalogues(), {.resolve_secrets = resolve_secrets}, diagnostics);
  if (!diagnostics.ok()) throw InvalidConfiguration(std::move(diagnostics));
  return instance;
}

std::optional<model::Layout> known_layout(journal::Records& records, const std::string& table) {
  const auto row = records.tables.find(table);
  if (!row || !row->layout_id) return std::nullopt;
  return records.tables.layout(*row->layout_id);
}

}  // namespace engine::operate
