// What a definition's file says beside its values: the comments of its author, and parts of it as they are written.
#pragma once

#include <string>

#include "engine/settings/yaml_node.h"

namespace engine::operate {

/// The comment at the head of the file, its lines joined to paragraphs.
std::string head_comment(const settings::YamlNode& root);

/// The comment in the lines right above a key, or behind its value on the same line. One line; empty: none.
std::string comment_of(const settings::YamlNode& map, const settings::Origin& key);

/// A key of the map with all below it, as it is written, moved to the left edge. Empty: no such key.
std::string source_of(const settings::YamlNode& map, std::string_view key);

/// A value on one line: "GET", "400, 403", "{ header: Retry-After }".
std::string on_one_line(const settings::YamlNode& value);

}  // namespace engine::operate
