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
