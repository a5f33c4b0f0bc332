// `check`: is this configuration right, and does it fit the world it names?
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/model/source.h"
#include "engine/settings/instance.h"

namespace engine::operate {

struct CheckOptions {
  bool live = true;  ///< connect to the sources and describe their tables
  /// A source that refuses us is only a warning: a daemon that starts must not stop what has nothing to do with it.
  bool tolerate_sources = false;
};

struct TableCheck {
  std::string table;
  bool reached = false;
  std::string problem;  ///< why it could not be described
  model::TableShape shape;
};

struct CheckReport {
  settings::Instance instance;
  settings::Diagnostics diagnostics;
  std::vector<TableCheck> tables;
  bool ok() const { return diagnostics.ok(); }
};

/// Reads the folder, describes every table whose source can be reached, compiles every mapping against what it found. A source that is
/// offline is a warning: its mappings are checked when it is back. Throws environment_missing when there is no such folder.
CheckReport check(const settings::InstancePlace& place, const CheckOptions& options);

}  // namespace engine::operate
