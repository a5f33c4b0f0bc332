// The whole configuration of an instance, read from its folder and checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/secret.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/diagnostics.h"
#include "engine/settings/dialect_definition.h"
#include "engine/settings/pipeline_definition.h"
#include "engine/settings/table_definition.h"

namespace engine::settings {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;  ///< 0: a free one
};

/// Who is told when the state of something changes.
struct MailAlert {
  std::vector<std::string> to;
  std::string from;
  std::string smtp;  ///< smtp://host:port, which goes over to TLS where the server offers it, or smtps://host:port
  std::string user;  ///< empty: no login
  Secret password;
  std::string ca;    ///< PEM file; empty: the system's
};

struct WebhookAlert {
  Secret url;     ///< of a chat it is a credential in itself
  Secret bearer;  ///< empty: none
  std::string ca;
};

using AlertChannel = std::variant<MailAlert, WebhookAlert>;

/// How long the journal keeps what is finished.
struct Retention {
  std::int64_t age_ms = 30LL * 24 * 3'600'000;
  std::int64_t bytes = 0;  ///< 0: as much as the age needs
};

struct Instance {
  std::string name;
  std::filesystem::path folder;
  std::filesystem::path journal_path;  ///< relative paths stand below the folder
  Retention retention;
  std::optional<ListenAddress> metrics;
  std::optional<ListenAddress> webhooks;  ///< `listen: { webhooks: … }`
  std::vector<AlertChannel> alerts;
  std::map<std::string, SourceConnection> sources;
  std::map<std::string, TargetConnection> targets;
  std::map<std::string, TableDefinition> tables;
  std::map<std::string, PipelineDefinition> pipelines;
  std::map<std::string, DialectDefinition> dialects;  ///< those the sources name
};

/// Where the shipped catalogues stand: `dialects/` and `targets/`. From DATAPICKER_SHARE, else beside the binary
/// (../share/datapicker), else the source tree it was built from.
struct Catalogues {
  std::filesystem::path dialects;
  std::filesystem::path targets;
};
/// Throws environment_missing when none of these exists.
Catalogues find_catalogues();

/// Where an instance stands, and the environment (env/NAME.yaml) that is laid over it: none for production.
struct InstancePlace {
  InstancePlace(std::filesystem::path folder, std::string environment_name = {})
      : path(std::move(folder)), environment(std::move(environment_name)) {}
  InstancePlace(const char* folder) : path(folder) {}
  std::filesystem::path path;
  std::string environment;
};

/// Reads everything, collects every problem. The instance is only to be used when `diagnostics.ok()`.
/// `resolve_secrets` false (checks of a repository without its secrets): `${secret:x}` becomes "***".
struct LoadOptions {
  bool resolve_secrets = true;
};
Instance load_instance(const InstancePlace& place, const Catalogues& catalogues, const LoadOptions& options,
                       Diagnostics& diagnostics);

}  // namespace engine::settings
