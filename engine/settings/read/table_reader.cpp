#include "engine/settings/read/table_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/map_reader.h"
#include "engine/settings/read/connection_reader.h"
#include "engine/settings/read/sql_text.h"

namespace engine::settings {
namespace {

/// The source of a table: `from` or `query`, never both. A query is read as a derived table, so it is one SELECT.
void read_rows(MapReader& reader, TableDefinition& table) {
  Diagnostics& diagnostics = reader.diagnostics();
  table.request.from = reader.text("from");
  if (const YamlNode* query = reader.take("query")) {
    if (auto expression = read_expression(*query, reader.named("query"), diagnostics))
      table.request.query = expression->sql;
    std::string& sql = table.request.query;
    sql.erase(sql.find_last_not_of(" \t\n") + 1);
    if (sql.ends_with(';')) {
      diagnostics.error("sql.semicolon", query->origin(), "the query ends with ';', but is read inside another one",
                        "remove the ';'");
    }
  }
  if (reader.has("document") || !reader.is_map()) return;
  if (reader.has("from") && reader.has("query")) {
    diagnostics.error("key.conflict", reader.node().find("query")->origin(), "the table has both 'from' and 'query'",
                      "keep one of them");
  } else if (!reader.has("from") && !reader.has("query")) {
    diagnostics.error("key.missing", table.origin, "the table has neither 'from' nor 'query'",
                      "add 'from: schema.table'");
  }
}

void read_key(MapReader& reader, TableDefinition& table) {
  Diagnostics& diagnostics = reader.diagnostics();
  table.request.key = reader.texts("key");
  table.request.exclude = reader.texts("exclude");
  if (!reader.has("key") && !reader.has("document") && reader.is_map()) {
    diagnostics.error("key.missing", table.origin, "the table has no 'key'",
                      "add 'key: [column]': the columns that tell its rows apart");
  }
  const YamlNode* written = reader.node().find("key");
  if (written != nullptr && written->is_sequence() && written->items().empty()) {
    diagnostics.error("value.missing", written->origin(), "'key' of the table names no column");
  }
  const auto& key = table.request.key;
  for (auto column = key.begin(); column != key.end(); ++column) {
    if (std::find(key.begin(), column, *column) != column) {
      diagnostics.error("key.duplicate", written->origin(),
                        fmt::format("the column '{}' stands twice in the key", *column));
    }
  }
  for (const std::string& column : table.request.exclude) {
    if (std::find(key.begin(), key.end(), column) == key.end()) continue;
    diagnostics.error("key.conflict", reader.node().find("exclude")->origin(),
                      fmt::format("the key column '{}' cannot be excluded", column));
  }
}

/// Of a table that says nothing: what spares its reading is not believed for longer.
constexpr std::int64_t full_every_ms = 3'600'000;

void read_capture(const YamlNode& value, CaptureDefinition& capture, Diagnostics& diagnostics) {
  MapReader reader(value, capture_block(), "capture", diagnostics);
  const YamlNode* mode = reader.take("mode");
  const bool later = mode != nullptr && (mode->text() == "watermark" || mode->text() == "tail");
  if (later) {
    refuse_not_yet("mode: " + mode->text(), mode->origin(), diagnostics, "use 'mode: diff'");
  } else {
    capture.mode = reader.one_of<std::string>("mode", "diff", {{"diff", "diff"}});
  }
  capture.every_ms = reader.duration_ms("every", capture.every_ms, 10);
  capture.full_every_ms = reader.duration_ms("full_every", full_every_ms, 1'000);
  capture.probe = reader.boolean("probe", true);
  capture.segments = reader.boolean("segments", true);
  capture.chunk_rows = static_cast<std::size_t>(
      reader.integer("chunk_rows", static_cast<std::int64_t>(capture.chunk_rows), 1, 1'000'000));
  reader.finish();
}

}  // namespace

TableDefinition read_table(const YamlNode& root, std::int64_t every_ms, Diagnostics& diagnostics) {
  MapReader reader(root, table_block(), "the table", diagnostics);
  TableDefinition table;
  table.origin = root.origin();
  table.capture.every_ms = every_ms;
  table.capture.full_every_ms = full_every_ms;
  table.name = reader.required_text("table");
  table.connection = reader.required_text("connection");
  read_rows(reader, table);
  read_key(reader, table);
  if (const YamlNode* capture = reader.take("capture")) read_capture(*capture, table.capture, diagnostics);
  table.initial =
      reader.one_of("initial", Initial::baseline, {{"baseline", Initial::baseline}, {"deliver", Initial::deliver}});
  table.renamed_from = reader.text("renamed_from");
  reader.finish();
  if (!table.name.empty()) check_name(table.name, table.origin, diagnostics);
  return table;
}

}  // namespace engine::settings
