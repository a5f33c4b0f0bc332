// `check`: is this configuration right, and does it fit the world it names?
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/model/source.h"
#include "engine/settings/instance.h"

namespace engine::operate {

struct CheckOptions {
  bool live = true;  ///< connect to sources and targets
  /// A source that refuses us is only a warning, and neither rows nor targets are looked at: a daemon that starts must not stop what has
  /// nothing to do with it, nor wait for it.
  bool tolerate_sources = false;
  /// Asked from several threads before each table; false ends the check by Error stopped. None: it goes on.
  std::function<bool()> go_on{};
};

struct ConnectionCheck {
  std::string connection;
  std::string kind;  ///< "source" or "target"
  bool reached = false;
  std::string server;   ///< what a source says it is
  std::string problem;  ///< why it was not reached, or what it refused
  std::int64_t connect_ms = 0;
};

/// What a source said of one table, when it was reached.
struct TableCheck {
  std::string table;
  bool reached = false;
  std::string problem;  ///< why it could not be described
  model::TableShape shape;
};

/// The configuration as it was read, and everything found about it. The instance is of use only when `ok`.
struct CheckReport {
  settings::Instance instance;
  settings::Diagnostics diagnostics;
  std::vector<ConnectionCheck> connections;
  std::vector<TableCheck> tables;
  bool ok() const { return diagnostics.ok(); }
};

/// Reads the folder, describes every table whose source can be reached, compiles every mapping against what it found, looks at keys and
/// targets; all connections at once, none longer than its time-outs. A source or target that is offline is a warning: what needs it is
/// checked when it is back. Throws environment_missing when there is no such folder, stopped when it may not go on.
CheckReport check(const settings::InstancePlace& place, const CheckOptions& options);

}  // namespace engine::operate
