#include "engine/operate/instance_access.h"

#include <algorithm>

#include "engine/model/key.h"

namespace engine::operate {

namespace {

// The image's index holds encoded keys: a row that has nothing but its key gives them.
std::string encoded_key(const model::Layout& layout, std::span<const std::string> parts) {
  model::RowBatch batch;
  batch.begin(layout.columns.size());
  for (std::size_t column = 0; column < layout.columns.size(); ++column) {
    const auto part = std::find(layout.key.begin(), layout.key.end(), column);
    if (part == layout.key.end()) {
      batch.append_null();
    } else {
      batch.append(parts[static_cast<std::size_t>(part - layout.key.begin())]);
    }
  }
  batch.end_row();
  std::string key;
  model::encode_key(layout, batch.row(0), key);
  return key;
}

}  // namespace

InvalidConfiguration::InvalidConfiguration(settings::Diagnostics diagnostics)
    : Error(ErrorCode::config_invalid, "the configuration is refused", {}, "`datapicker check` shows every problem"),
      diagnostics_(std::move(diagnostics)) {
  diagnostics_.sort();
}

namespace {

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

WantedKey wanted_key(journal::Records& records, const std::string& table, std::span<const std::string> parts) {
  const auto layout = known_layout(records, table);
  if (!layout) throw Error(ErrorCode::config_invalid, "table " + table + " was never read", {}, "start the daemon first");
  std::string wanted;
  for (const std::size_t position : layout->key) wanted += (wanted.empty() ? "" : " ") + layout->columns[position].name;
  const auto key = model::key_json_of(*layout, parts);
  if (!key) {
    throw Error(ErrorCode::config_invalid, "that is no key of table " + table, {}, "its key is: " + wanted);
  }
  return {*key, encoded_key(*layout, parts)};
}

}  // namespace engine::operate
