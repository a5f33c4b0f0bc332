// `check --explain`: the files as they are meant, each line with the place where it was written.
#pragma once

#include <string>
#include <vector>

#include "engine/settings/instance.h"
#include "engine/settings/layers/instance_files.h"

namespace engine::settings {

struct ExplainedLine {
  std::string text;  ///< YAML
  Origin origin;
};

struct ExplainedFile {
  std::string file;  ///< "tables/anacli.yaml"
  std::string name;  ///< "anacli", with `for_each` "anacli_A01"
  std::string json;  ///< the whole definition
  std::vector<ExplainedLine> lines;
};

/// All files, or those called `wanted`: by path or by the name of what they define. Secrets stay `${secret:x}`. When
/// nothing is called so, that is reported and the list is empty.
std::vector<ExplainedFile> explained(const InstancePlace& place, const std::string& wanted, Diagnostics& diagnostics);

}  // namespace engine::settings
