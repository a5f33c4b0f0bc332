#include "engine/settings/read/instance_file_reader.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "engine/base/text/durations.h"
#include "engine/settings/map_reader.h"
#include "engine/settings/read/connection_reader.h"

namespace engine::settings {
namespace {

/// "127.0.0.1:9420", "[::1]:9420", "localhost:0" (which is 127.0.0.1). Other names are none: who listens must not depend on a resolver.
std::optional<ListenAddress> address_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return std::nullopt;
  const std::string_view port_text = text.substr(colon + 1);
  ListenAddress address{std::string(host), 0};
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), address.port);
  if (error != std::errc{} || end != port_text.data() + port_text.size() || host.empty()) return std::nullopt;
  if (address.host == "localhost") address.host = "127.0.0.1";
  unsigned char bytes[sizeof(in6_addr)];
  if (inet_pton(bracketed ? AF_INET6 : AF_INET, address.host.c_str(), bytes) != 1) return std::nullopt;
  return address;
}

void read_journal(const YamlNode& value, Instance& instance, Diagnostics& diagnostics) {
  MapReader reader(value, journal_block(), "journal", diagnostics);
  instance.journal_path = instance.folder / reader.text("path", "journal.db");
  if (const YamlNode* retention = reader.take("retention")) {
    MapReader kept(*retention, retention_block(), "retention", diagnostics);
    instance.retention.age_ms = kept.integer("days", 30, 1, 36'500) * day_ms;
    instance.retention.bytes = kept.size_bytes("size", 0);
    kept.finish();
  }
  reader.finish();
}

void read_defaults(const YamlNode& value, InstanceDefaults& defaults, Diagnostics& diagnostics) {
  MapReader reader(value, defaults_block(), "defaults", diagnostics);
  if (const YamlNode* capture = reader.take("capture")) {
    MapReader capture_reader(*capture, default_capture_block(), "capture", diagnostics);
    defaults.every_ms = capture_reader.duration_ms("every", defaults.every_ms, 10);
    capture_reader.finish();
  }
  reader.finish();
}

std::optional<ListenAddress> take_address(MapReader& reader, const char* key) {
  const YamlNode* written = reader.take(key);
  if (written == nullptr) return std::nullopt;
  auto address = address_of(written->text());
  if (!address) {
    reader.diagnostics().error("value.address", written->origin(),
                               fmt::format("'{}' is no address to listen on", written->text()),
                               "write host:port, as in 127.0.0.1:9420");
  }
  return address;
}

}  // namespace

std::optional<Variables> read_variables(const YamlNode& root, Diagnostics& diagnostics) {
  if (!root.is_map()) return std::nullopt;
  Variables variables;
  MapReader reader(root, instance_block(), "datapicker.yaml", diagnostics);
  for (auto& [name, value] : reader.text_map("variables")) variables[name] = std::move(value);
  const YamlNode* written = root.find("variables");
  if (written != nullptr && !written->is_map()) return std::nullopt;
  return variables;
}

InstanceDefaults read_instance_file(const YamlNode& root, Instance& instance, Diagnostics& diagnostics) {
  MapReader reader(root, instance_block(), "datapicker.yaml", diagnostics);
  InstanceDefaults defaults;
  instance.name = reader.required_text("instance");
  if (const YamlNode* name = root.find("instance")) check_name(instance.name, name->origin(), diagnostics);
  if (const YamlNode* journal = reader.take("journal")) read_journal(*journal, instance, diagnostics);
  instance.metrics = take_address(reader, "metrics");
  if (const YamlNode* listen = reader.take("listen")) {
    MapReader listen_reader(*listen, listen_block(), "listen", diagnostics);
    instance.webhooks = take_address(listen_reader, "webhooks");
    listen_reader.finish();
  }
  if (const YamlNode* written = reader.take("defaults")) read_defaults(*written, defaults, diagnostics);
  // Read apart: variables before everything else, alerts with the secrets that they may hold.
  reader.take_any("variables");
  reader.take("alerts");
  reader.finish();
  return defaults;
}

}  // namespace engine::settings
