// `${var:x}` and `${secret:x}`: what stands in for a value.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "engine/base/secret.h"
#include "engine/settings/diagnostics.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

using Variables = std::map<std::string, std::string>;

/// The tree with each `${var:x}` replaced. `${secret:x}` stays; unknown variables and any other `${…:…}` are reported.
YamlNode with_variables(const YamlNode& node, const Variables& variables, Diagnostics& diagnostics);

/// Reports every `${secret:x}` below `node`. `where` ends the message: "only a connection's odbc, url, … may hold it".
void refuse_secrets(const YamlNode& node, const std::string& where, Diagnostics& diagnostics);

bool holds_secret(const YamlNode& scalar);

/// Finds secrets: a systemd credential, else the file secrets/x of the instance, else the environment.
/// Used while the configuration is read, at the start and at each reload: a secret that changed is seen by a reload.
class SecretLookup {
 public:
  /// `resolve` false: every secret is "***" and nothing is looked for.
  SecretLookup(std::filesystem::path instance_folder, bool resolve)
      : folder_(std::move(instance_folder)), resolve_(resolve) {}

  /// The scalar's text with its secrets filled in, each registered for masking. A missing secret is reported.
  std::string filled(const YamlNode& scalar, Diagnostics& diagnostics) const;
  Secret secret(const YamlNode& scalar, Diagnostics& diagnostics) const;
  /// The systemd credential of that name, and nothing else; empty where there is none.
  Secret credential(const std::string& name) const;

 private:
  std::optional<std::string> find(const std::string& name, const Origin& origin, Diagnostics& diagnostics) const;
  std::optional<std::string> from_file(const std::string& name, const Origin& origin, bool& refused,
                                       Diagnostics& diagnostics) const;

  std::filesystem::path folder_;
  bool resolve_;
};

}  // namespace engine::settings
