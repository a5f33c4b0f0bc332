// `for_each: { company: [A01, A02] }`: one file that stands for several tables or pipelines, alike but for one value.
#pragma once

#include <string>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// One of the definitions that a file stands for.
struct Expansion {
  YamlNode root;      ///< `${company}` replaced, the name followed by `_A01`, without `for_each`
  std::string name;   ///< "company"; empty when the file has no `for_each`
  std::string value;  ///< "A01"
};

/// `name_key` is the key that names the definition: "table" or "pipeline". A file without `for_each` stands for itself;
/// one whose `for_each` is wrong for nothing, and the problem is reported.
std::vector<Expansion> expanded(const YamlNode& file, const char* name_key, Diagnostics& diagnostics);

}  // namespace engine::settings
