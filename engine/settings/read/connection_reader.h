// Reads connections/*.yaml: sources have `odbc:` or `csv:`, targets have `target:`.
#pragma once

#include <filesystem>
#include <optional>

#include "engine/settings/connection_definition.h"
#include "engine/settings/diagnostics.h"
#include "engine/settings/read/placeholders.h"
#include "engine/settings/read/target_catalogue.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// What the reading of a connection needs beside its file. Refers to what its maker keeps.
struct ConnectionSurroundings {
  const std::filesystem::path& folder;  ///< of the instance: relative paths stand below it
  const SecretLookup& secrets;
  TargetCatalogue& targets;
  bool files_must_exist = true;  ///< certificates; false in a repository without its secrets
};

/// `odbc:` alone may hold a secret. Whatever is missing or wrong is reported, and what could be read is returned.
SourceConnection read_source_connection(const YamlNode& root, const SecretLookup& secrets, Diagnostics& diagnostics);
/// `instance` is the folder that a relative path counts from.
SourceConnection read_csv_connection(const YamlNode& root, const std::filesystem::path& instance, Diagnostics& diagnostics);
/// nullopt when its target definition is of no use.
std::optional<TargetConnection> read_target_connection(const YamlNode& root, const ConnectionSurroundings& surroundings,
                                                       Diagnostics& diagnostics);

/// Names of instances, connections, tables and pipelines go into file names, metrics and the journal: letters, digits,
/// '_', '-'.
void check_name(const std::string& name, const Origin& origin, Diagnostics& diagnostics);

}  // namespace engine::settings
