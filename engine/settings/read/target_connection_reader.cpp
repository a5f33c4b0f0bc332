// The target half of connections/*.yaml: where the API stands, how it is entered, how fast it may be used.
#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/map_reader.h"
#include "engine/settings/read/connection_reader.h"
#include "engine/settings/read/pipeline/pipeline_reader.h"
#include "engine/settings/target/auth_reader.h"
#include "engine/settings/target/built_in.h"
#include "engine/settings/target/limits_reader.h"
#include "engine/settings/target/target_definition_reader.h"

namespace engine::settings {
namespace {

constexpr const char* secret_places =
    "a target's url, proxy, auth, sign, webhook, odbc and properties may hold one; an API key goes below auth: { header, value }";

/// The path of a file that must be there, made absolute.
std::string take_file(MapReader& reader, const char* key, const ConnectionSurroundings& surroundings) {
  const std::string written = reader.text(key);
  if (written.empty()) return {};
  const std::filesystem::path path = surroundings.folder / written;
  if (surroundings.files_must_exist && !std::filesystem::exists(path)) {
    reader.diagnostics().error("file.missing", reader.node().find(key)->origin(),
                               fmt::format("there is no file '{}'", path.string()));
  }
  return path.string();
}

/// An authority of one's own can be named; the verification cannot be switched off.
TlsOptions read_tls(const YamlNode& value, const ConnectionSurroundings& surroundings, Diagnostics& diagnostics) {
  MapReader reader(value, tls_block(), "tls", diagnostics);
  TlsOptions tls;
  tls.ca = take_file(reader, "ca", surroundings);
  tls.certificate = take_file(reader, "certificate", surroundings);
  tls.key = take_file(reader, "key", surroundings);
  if (const YamlNode* verify = reader.take_any("verify")) {
    diagnostics.error("value.unknown", verify->origin(), "TLS is always verified",
                      "name the authority of a private certificate with 'ca:'");
  }
  if (tls.certificate.empty() != tls.key.empty()) {
    diagnostics.error("key.missing", value.origin(), "a client certificate needs both 'certificate' and 'key'");
  }
  reader.finish();
  return tls;
}

SignRule read_sign(const YamlNode& value, const SecretLookup& secrets, Diagnostics& diagnostics) {
  MapReader reader(value, sign_block(), "sign", diagnostics);
  SignRule rule;
  reader.required_text("header");
  rule.header = reader.header_name("header");
  rule.algorithm = reader.one_of<const char*>("algorithm", "hmac-sha256", {{"hmac-sha256", "hmac-sha256"}});
  reader.one_of("over", 0, {{"body", 0}});
  rule.prefix = reader.text("prefix");
  rule.secret = take_secret(reader, "secret", secrets);
  reader.finish();
  return rule;
}

/// What the target posts to us comes to this path, and is believed when it was signed with `app_secret`.
WebhookRule read_webhook(const YamlNode& value, const std::string& connection, const SecretLookup& secrets,
                         Diagnostics& diagnostics) {
  MapReader reader(value, webhook_rule_block(), "webhook", diagnostics);
  WebhookRule rule;
  rule.origin = value.origin();
  rule.path = reader.text("path", "/" + connection);
  if (reader.has("path") && (!rule.path.starts_with('/') || rule.path.find_first_of(" ?#") != std::string::npos)) {
    diagnostics.error("value.type", value.find("path")->origin(),
                      "'path' of webhook must begin with '/', and hold no blank, '?' or '#'");
  }
  rule.verify_token = take_secret(reader, "verify_token", secrets);
  rule.app_secret = take_secret(reader, "app_secret", secrets);
  reader.finish();
  return rule;
}

/// Without the slash at its end: paths of requests start with one.
std::string read_url(MapReader& reader, const SecretLookup& secrets) {
  reader.required_text("url");
  const YamlNode* value = reader.node().find("url");
  if (value == nullptr || !value->is_scalar()) return {};
  std::string url = secrets.filled(*value, reader.diagnostics());
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://")) {
    reader.diagnostics().error("value.type", value->origin(),
                               fmt::format("{} must start with https:// or http://", reader.named("url")));
  }
  return url;
}

void read_http_keys(MapReader& reader, const ConnectionSurroundings& surroundings, TargetConnection& connection) {
  Diagnostics& diagnostics = reader.diagnostics();
  connection.url = read_url(reader, surroundings.secrets);
  if (const YamlNode* tls = reader.take("tls")) connection.tls = read_tls(*tls, surroundings, diagnostics);
  if (const YamlNode* sign = reader.take("sign")) connection.sign = read_sign(*sign, surroundings.secrets, diagnostics);
  if (const YamlNode* webhook = reader.take("webhook"))
    connection.webhook = read_webhook(*webhook, connection.name, surroundings.secrets, diagnostics);
  reader.text("proxy");
  if (const YamlNode* proxy = reader.node().find("proxy"); proxy != nullptr && proxy->is_scalar())
    connection.proxy = surroundings.secrets.filled(*proxy, diagnostics);
  connection.idempotency_header = reader.header_name("idempotency_header");
  // Read below, over the definition that `target:` names.
  for (const char* key : {"auth", "requests", "batch", "repeat_safe", "options"}) reader.take_any(key);
}

constexpr const char* secret_hint = "what is secret has keys of its own there: password, value, client_secret, …";

/// What is read as it is written would send the words "${secret:…}".
void refuse_secrets_beside_secrets(const YamlNode& map, Diagnostics& diagnostics) {
  static constexpr std::string_view shown_keys[] = {"header", "query", "client_id", "scope", "audience", "token_url", "grant", "parameters", "prefix", "algorithm", "over"};
  if (!map.is_map()) return;
  for (const YamlEntry& entry : map.entries()) {
    if (entry.key == "credentials") continue;  // the definition says which of them are shown, and takes a secret for each
    if (std::find(std::begin(shown_keys), std::end(shown_keys), entry.key) != std::end(shown_keys)) {
      refuse_secrets(entry.value, secret_hint, diagnostics);
    } else if (entry.value.is_map()) {
      refuse_secrets_beside_secrets(entry.value, diagnostics);
      if (const YamlNode* user = entry.value.find("user")) refuse_secrets(*user, secret_hint, diagnostics);
    }
  }
}

void refuse_secrets_elsewhere(const YamlNode& root, Diagnostics& diagnostics) {
  for (const char* key : {"auth", "sign"}) {
    if (const YamlNode* map = root.find(key)) refuse_secrets_beside_secrets(*map, diagnostics);
  }
  for (const YamlEntry& entry : root.entries()) {
    const bool may_hold = entry.key == "url" || entry.key == "proxy" || entry.key == "auth" || entry.key == "sign" ||
                          entry.key == "odbc" || entry.key == "properties" || entry.key == "webhook";
    if (!may_hold) refuse_secrets(entry.value, secret_places, diagnostics);
  }
}

}  // namespace

std::optional<TargetConnection> read_target_connection(const YamlNode& root, const ConnectionSurroundings& surroundings,
                                                       Diagnostics& diagnostics) {
  MapReader reader(root, target_connection_block(), "the connection", diagnostics);
  TargetConnection connection;
  connection.origin = root.origin();
  connection.name = reader.required_text("connection");
  const std::string target = reader.required_text("target");
  const bool is_http = !is_built_in(target);
  const bool is_stream = target == "nats" || target == "kafka";
  if (is_http) {
    read_http_keys(reader, surroundings, connection);
  } else {
    if (is_stream) {
      reader.take_any("auth");
      if (const YamlNode* tls = reader.take("tls")) connection.tls = read_tls(*tls, surroundings, diagnostics);
    }
    read_built_in(reader, target, surroundings.folder, surroundings.secrets, connection);
  }
  LimitsDefinition limits;
  if (const YamlNode* own = reader.take("limits")) limits = read_limits(*own, diagnostics);
  connection.timeout_ms = reader.duration_ms("timeout", connection.timeout_ms, 100);
  connection.dry_run = reader.boolean("dry_run", false);
  if (const YamlNode* redirect = reader.take("redirect"))
    connection.redirect = read_constants(*redirect, "redirect", diagnostics);
  reader.finish();
  refuse_secrets_elsewhere(root, diagnostics);
  if (target.empty()) return std::nullopt;
  const TargetDefinition* definition = surroundings.targets.find(target, root.find("target")->origin(), diagnostics);
  if (definition == nullptr) return std::nullopt;
  // A copy: what the connection says is put into this one alone.
  connection.target = *definition;
  if (is_http) merge_connection_requests(root, connection.target, diagnostics);
  if (is_http || is_stream) connection.auth = read_auth(root.find("auth"), root, connection.target, surroundings.secrets, diagnostics);
  connection.options = connection.target.options;
  connection.limits = connection.target.limits;
  connection.limits.lay_over(limits);
  check_budget_names(connection.target.answers, connection.limits, diagnostics);
  if (connection.webhook && connection.target.webhook == WebhookFormat::none) {
    diagnostics.error("target.lacks", connection.webhook->origin,
                      fmt::format("the target '{}' posts nothing that could be read here", target), "remove 'webhook'");
  }
  return connection;
}

}  // namespace engine::settings
