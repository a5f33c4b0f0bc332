#include "engine/settings/read/connection_reader.h"

#include <fmt/format.h>
#include <iconv.h>

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

/// Below it a change could bear the same time as what was read.
constexpr std::int64_t settle_ms_min = 100;

void read_delimiter(MapReader& reader, CsvFiles& csv) {
  const std::string text = reader.text("delimiter", std::string(1, csv.delimiter));
  const bool fits = text.size() == 1 && text.find_first_of("\"\r\n") == std::string::npos;
  if (fits) csv.delimiter = text[0];
  else if (text == "tab") csv.delimiter = '\t';
  else reader.diagnostics().error("value.type", reader.node().find("delimiter")->origin(), "'delimiter' must be one ASCII character, or tab");
}

void read_encoding(MapReader& reader, CsvFiles& csv) {
  csv.encoding = reader.text("encoding", csv.encoding);
  const iconv_t known = iconv_open("UTF-8", csv.encoding.c_str());
  if (known != reinterpret_cast<iconv_t>(-1)) {
    iconv_close(known);
  } else if (const YamlNode* written = reader.node().find("encoding")) {
    reader.diagnostics().error("value.unknown", written->origin(), fmt::format("this machine knows no encoding '{}'", csv.encoding),
                               "`iconv --list` names those it knows");
  }
}

void read_csv_types(MapReader& reader, CsvFiles& csv) {
  for (const auto& [column, name] : reader.text_map("types")) {
    const auto type = model::column_type_of(name);
    if (type && *type != model::ColumnType::binary) {
      csv.types[column] = *type;
      continue;
    }
    static const std::vector<std::string> names{"integer", "decimal", "real", "text", "date", "time", "timestamp"};
    reader.diagnostics().error("value.unknown", reader.node().find("types")->find(column)->origin(),
                               fmt::format("'{}' is no type of a file's column; it must be {}", name, listed(names)), did_you_mean(name, names));
  }
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
  connection.file = reader.text("file");
  connection.settle_ms = reader.duration_ms("settle", connection.settle_ms, settle_ms_min);
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

SourceConnection read_csv_connection(const YamlNode& root, const std::filesystem::path& instance, Diagnostics& diagnostics) {
  MapReader reader(root, csv_block(), "the connection", diagnostics);
  SourceConnection connection{.origin = root.origin(), .dialect = "csv"};
  CsvFiles csv;
  connection.name = reader.required_text("connection");
  csv.folder = (instance / reader.required_text("csv")).lexically_normal();
  read_delimiter(reader, csv);
  read_encoding(reader, csv);
  csv.null_text = reader.text("null_text");
  csv.final_newline = reader.one_of("final_newline", true, {{"required", true}, {"optional", false}});
  read_csv_types(reader, csv);
  connection.settle_ms = reader.duration_ms("settle", connection.settle_ms, settle_ms_min);
  connection.time_zone = reader.text("time_zone", connection.time_zone);
  check_time_zone(connection, reader, diagnostics);
  connection.readers = static_cast<int>(reader.integer("readers", connection.readers, 1, 32));
  connection.csv = std::move(csv);
  reader.finish();
  refuse_secrets(root, "a folder of files has none", diagnostics);
  return connection;
}

}  // namespace engine::settings
