#include "engine/settings/read/alerts_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/map_reader.h"

namespace engine::settings {
namespace {

bool is_address(const std::string& text) {
  // What a mail server makes of it is its own affair; a line break or a bracket would become part of the dialogue with it.
  const std::size_t at = text.find('@');
  return at != std::string::npos && at > 0 && at + 1 < text.size() && text.find_first_of(" \t\r\n<>\",") == std::string::npos;
}

void check_addresses(MapReader& reader, const char* key, const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    if (is_address(address)) continue;
    reader.diagnostics().error("value.type", reader.node().find(key)->origin(),
                               fmt::format("'{}' in {} is no mail address", address, reader.named(key)),
                               "write it bare, as in edp@example.com");
  }
}

/// An optional credential; one that stands in the file itself works, but ends up in its version control.
Secret take_credential(MapReader& reader, const char* key, const SecretLookup& secrets) {
  const YamlNode* value = reader.take(key);
  if (value == nullptr) return {};
  if (!value->is_scalar()) {
    refuse_kind(*value, reader.named(key), "a single value", reader.diagnostics());
    return {};
  }
  if (!holds_secret(*value)) {
    reader.diagnostics().warning("secret.in_clear", value->origin(),
                                 fmt::format("{} stands readable in the file", reader.named(key)),
                                 "write ${secret:name} and keep the value in secrets/name");
  }
  return secrets.secret(*value, reader.diagnostics());
}

void refuse_misplaced_secrets(const YamlNode& channel, std::initializer_list<std::string_view> credentials,
                              Diagnostics& diagnostics) {
  for (const YamlEntry& entry : channel.entries()) {
    if (std::find(credentials.begin(), credentials.end(), entry.key) != credentials.end()) continue;
    refuse_secrets(entry.value, "of an alert, a mail's password and a webhook's url and bearer may hold one", diagnostics);
  }
}

void refuse_other_scheme(MapReader& reader, const char* key, const std::string& url, const char* plain, const char* with_tls) {
  if (url.empty() || url.starts_with(plain) || url.starts_with(with_tls)) return;
  reader.diagnostics().error("value.type", reader.node().find(key)->origin(),
                             fmt::format("{} must start with {} or {}", reader.named(key), with_tls, plain));
}

/// The authority that signed a server's certificate: below the instance's folder unless the path is a whole one.
std::string take_authority(MapReader& reader, const std::filesystem::path& folder) {
  const std::string written = reader.text("ca");
  if (written.empty()) return {};
  const std::filesystem::path path = folder / written;
  if (!std::filesystem::exists(path)) {
    reader.diagnostics().error("file.missing", reader.node().find("ca")->origin(), fmt::format("there is no file '{}'", path.string()));
  }
  return path.string();
}

MailAlert read_mail(const YamlNode& value, const std::filesystem::path& folder, const SecretLookup& secrets, Diagnostics& diagnostics) {
  MapReader reader(value, mail_block(), "mail", diagnostics);
  refuse_misplaced_secrets(value, {"password"}, diagnostics);
  MailAlert mail;
  if (reader.require("to") != nullptr) mail.to = reader.texts("to");
  check_addresses(reader, "to", mail.to);
  mail.from = reader.required_text("from");
  if (!mail.from.empty()) check_addresses(reader, "from", {mail.from});
  mail.smtp = reader.required_text("smtp");
  refuse_other_scheme(reader, "smtp", mail.smtp, "smtp://", "smtps://");
  mail.user = reader.text("user");
  mail.password = take_credential(reader, "password", secrets);
  mail.ca = take_authority(reader, folder);
  reader.finish();
  return mail;
}

WebhookAlert read_webhook(const YamlNode& value, const std::filesystem::path& folder, const SecretLookup& secrets, Diagnostics& diagnostics) {
  MapReader reader(value, webhook_block(), "webhook", diagnostics);
  refuse_misplaced_secrets(value, {"url", "bearer"}, diagnostics);
  WebhookAlert webhook;
  reader.required_text("url");
  if (const YamlNode* url = reader.node().find("url"); url != nullptr && url->is_scalar()) {
    // The address of a chat's webhook is its credential.
    webhook.url = holds_secret(*url) ? secrets.secret(*url, diagnostics) : Secret(url->text());
    if (webhook.url.reveal() != "***") refuse_other_scheme(reader, "url", webhook.url.reveal(), "http://", "https://");
  }
  webhook.bearer = take_credential(reader, "bearer", secrets);
  webhook.ca = take_authority(reader, folder);
  reader.finish();
  return webhook;
}

}  // namespace

std::vector<AlertChannel> read_alerts(const YamlNode& value, const std::filesystem::path& folder, const SecretLookup& secrets, Diagnostics& diagnostics) {
  std::vector<AlertChannel> channels;
  if (!value.is_sequence()) {
    refuse_kind(value, "'alerts'", "a list of mail: and webhook:", diagnostics);
    return channels;
  }
  for (const YamlNode& item : value.items()) {
    MapReader reader(item, alert_block(), "an item of alerts", diagnostics);
    const YamlNode* mail = reader.take("mail");
    const YamlNode* webhook = reader.take("webhook");
    if (mail != nullptr) channels.emplace_back(read_mail(*mail, folder, secrets, diagnostics));
    if (webhook != nullptr) channels.emplace_back(read_webhook(*webhook, folder, secrets, diagnostics));
    if (mail == nullptr && webhook == nullptr && reader.is_map() && item.entries().empty()) {
      diagnostics.error("key.missing", item.origin(), "an item of alerts is empty", "write mail: { … } or webhook: { … }");
    }
    reader.finish();
  }
  return channels;
}

}  // namespace engine::settings
