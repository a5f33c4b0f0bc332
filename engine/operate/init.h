// `init`: from an empty folder to an instance that runs.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/operate/inspect.h"

namespace engine::operate {

/// What a new instance shall be; what is left empty has a default, or is asked.
struct InitChoices {
  std::string name;         ///< of the instance; empty: the folder's
  std::string connection = "erp";
  std::string odbc;         ///< empty: the example, a small ERP in SQLite that is made in the folder
  std::string dialect;      ///< empty: by the driver that the connection string names
  std::string table;        ///< empty: `choose_table` is asked
  std::string target = "file";  ///< file, webhook, request_tracker, or a definition of the catalogue
  std::string url;
  std::string token;        ///< goes into secrets/
  bool deliver_all = false;
  /// Gets the tables the source has; empty: none yet.
  std::function<std::string(const std::vector<std::string>&)> choose_table = [](const std::vector<std::string>&) { return std::string(); };
};

/// What was made. A source that is not reached is no failure of `init`: the folder stands.
struct InitResult {
  std::vector<std::string> written;   ///< paths below the folder
  std::string server;                 ///< what the source says it is; empty when it was not reached
  std::optional<Error> problem;       ///< why it was not reached, or the table not found: what is written stands, and can be mended
};

/// A dialect's connection string for what people know about their server: "postgresql", "mariadb", "sqlite", "ibmi", "sqlserver".
struct ServerParameters {
  std::string kind, host, port, database, user, password;
};
std::string odbc_string(const ServerParameters& server);
/// By the driver's name; "generic" when it says nothing.
std::string dialect_of(const std::string& odbc);

/// Writes the folder: configuration, secrets (0600, taken out of the connection string), .gitignore. Throws config_invalid when it holds an
/// instance already or a choice cannot be; environment_missing when it cannot be written.
InitResult init(const std::filesystem::path& folder, const InitChoices& choices);

}  // namespace engine::operate
