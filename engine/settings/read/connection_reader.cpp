#include "engine/settings/read/connection_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/map_reader.h"

namespace engine::settings {
namespace {

/// A zone that the machine does not know would shift every timestamp without a word.
void check_time_zone(const SourceConnection& connection, const MapReader& reader, Diagnostics& diagnostics) {
  static const std::filesystem::path zones = "/usr/share/zoneinfo";
  if (!reader.has("time_zone") || connection.time_zone == "UTC" || !std::filesystem::is_directory(zones)) return;
  const bool leads_out = connection.time_zone.find("..") != std::string::npos || connection.time_zone.starts_with('/');
  if (!leads_out && std::filesystem::is_regular_file(zones / connection.time_zone)) return;
  diagnostics.error("value.unknown", reader.node().find("time_zone")->origin(),
                    fmt::format("this machine knows no time zone '{}'", connection.time_zone),
                    "write its name as in Europe/Rome, or install the package tzdata");
}

}  // namespace

void check_name(const std::string& name, const Origin& origin, Diagnostics& diagnostics) {
  const bool fits = std::all_of(name.begin(), name.end(),
                                [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
  if (fits && name.size() <= 100) return;
  diagnostics.error("value.name", origin,
                    fmt::format("'{}' cannot be a name: letters, digits, '_' and '-', at most 100", name));
}

SourceConnection read_source_connection(const YamlNode& root, const SecretLookup& secrets, Diagnostics& diagnostics) {
  MapReader reader(root, source_block(), "the connection", diagnostics);
  SourceConnection connection;
  connection.origin = root.origin();
  connection.name = reader.required_text("connection");
  reader.required_text("odbc");
  if (const YamlNode* odbc = root.find("odbc"); odbc->is_scalar()) connection.odbc = secrets.secret(*odbc, diagnostics);
  connection.dialect = reader.text("dialect", connection.dialect);
  connection.time_zone = reader.text("time_zone", connection.time_zone);
  check_time_zone(connection, reader, diagnostics);
  connection.readers = static_cast<int>(reader.integer("readers", connection.readers, 1, 32));
  connection.char_padding =
      reader.one_of("char_padding", connection.char_padding,
                    {{"keep", CharPadding::keep}, {"trim", CharPadding::trim}, {"trim_all", CharPadding::trim_all}});
  connection.connect_timeout_ms = reader.duration_ms("connect_timeout", connection.connect_timeout_ms, 1'000);
  connection.query_timeout_ms = reader.duration_ms("query_timeout", connection.query_timeout_ms, 1'000);
  reader.finish();
  for (const YamlEntry& entry : root.entries()) {
    if (entry.key != "odbc") refuse_secrets(entry.value, "of this connection only 'odbc' may hold one", diagnostics);
  }
  return connection;
}

}  // namespace engine::settings
