// Reads a YAML map key by key: types, ranges and names are checked, and what nobody asked for is an unknown key.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/origin.h"
#include "engine/settings/schema/keys.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// "100ms" "5s" "10m" "1h" "2d" → milliseconds; nullopt for anything else, also beyond 100 years.
std::optional<std::int64_t> duration_ms_of(std::string_view text);
/// "512B" "10KB" "1MB" "10GB" "1TB" (powers of 1000), "1KiB" "1MiB" "1GiB" → bytes.
std::optional<std::int64_t> size_bytes_of(std::string_view text);

/// One pass over one map. Each `take…` marks its key as known, whether or not it is there; `finish` reports the others
/// with the nearest known name. Wrong values are reported and replaced by the fallback, so reading goes on.
class MapReader {
 public:
  /// `block` declares the keys: asking for any other is a bug, and stops the program. `what` names the map in messages:
  /// "the table", "capture". Anything but a map is reported; then every key is absent.
  MapReader(const YamlNode& map, const Block& block, std::string what, Diagnostics& diagnostics);

  bool is_map() const { return map_.is_map(); }
  const YamlNode& node() const { return map_; }
  bool has(std::string_view key) const { return map_.find(key) != nullptr; }

  /// The value, or null pointer when it is absent. An empty value (`key:`) is reported and counts as absent.
  const YamlNode* take(std::string_view key);
  const YamlNode* require(std::string_view key);
  /// The value as it stands, null included: for keys whose emptiness says something.
  const YamlNode* take_any(std::string_view key);

  std::string text(std::string_view key, std::string fallback = {});
  std::string required_text(std::string_view key);
  bool boolean(std::string_view key, bool fallback);
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t min, std::int64_t max);
  double number(std::string_view key, double fallback, double min, double max);
  std::int64_t duration_ms(std::string_view key, std::int64_t fallback, std::int64_t min_ms = 0);
  std::int64_t size_bytes(std::string_view key, std::int64_t fallback);
  /// A list of texts; a single text is a list of one.
  std::vector<std::string> texts(std::string_view key);
  /// In the order in which they stand.
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view key);
  std::map<std::string, std::string> named_texts(std::string_view key);
  /// As `named_texts`, by the names of headers.
  std::map<std::string, std::string> headers(std::string_view key);
  std::string header_name(std::string_view key);

  template <class Value>
  Value one_of(std::string_view key, Value fallback, std::initializer_list<std::pair<const char*, Value>> choices) {
    const YamlNode* value = take(key);
    if (value == nullptr) return fallback;
    std::vector<std::string> names;
    for (const auto& [name, choice] : choices) {
      if (value->is_scalar() && value->text() == name) return choice;
      names.emplace_back(name);
    }
    refuse_choice(key, *value, names);
    return fallback;
  }

  /// Reports every key that no call asked for, and every key of the grammar that this version does not carry out: ignoring
  /// it would let people believe in a protection that is not there (code "feature.not_yet").
  void finish();

  Diagnostics& diagnostics() { return diagnostics_; }
  /// "'every' of capture": how messages name a key.
  std::string named(std::string_view key) const;

 private:
  void refuse_choice(std::string_view key, const YamlNode& value, const std::vector<std::string>& names);
  const YamlNode* take_scalar(std::string_view key);
  const Origin& origin_of(std::string_view key) const;

  YamlNode map_;
  const Block& block_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::set<std::string, std::less<>> known_;
};

/// Reports a value of the wrong kind: "'key' of the table must be a list, not a text" (code "value.type").
void refuse_kind(const YamlNode& value, const std::string& named, std::string_view expected, Diagnostics& diagnostics);

/// The text of `feature.not_yet`, one wording for all places.
void refuse_not_yet(const std::string& feature, const Origin& origin, Diagnostics& diagnostics,
                    std::string suggestion = "remove it");

}  // namespace engine::settings
