// Lays one YAML tree over another; every value keeps the place where it was written.
#pragma once

#include <string>
#include <string_view>

#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// `over` laid over `base`: maps are merged key by key, whatever else stands in `over` replaces, lists as well. Keys of
/// `base` come first.
YamlNode merged(const YamlNode& base, const YamlNode& over);

/// The map without one of its keys.
YamlNode without_key(const YamlNode& map, std::string_view key);

/// The map with the value of a key it has replaced.
YamlNode with_value(const YamlNode& map, std::string_view key, const YamlNode& value);

/// The scalar with another text in its place.
YamlNode with_text(const YamlNode& scalar, std::string text);

/// The value, said to stand at `origin`.
YamlNode standing_at(const YamlNode& node, const Origin& origin);

/// A text that nobody wrote, told to stand at `origin`.
YamlNode text_at(std::string text, const Origin& origin);

/// A map of one entry, at the place of its value.
YamlNode map_of(std::string key, const YamlNode& value);

}  // namespace engine::settings
