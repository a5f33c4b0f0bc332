#include "engine/settings/read/table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "engine/settings/map_reader.h"
#include "engine/settings/read/connection_reader.h"
#include "engine/settings/read/sql_text.h"

namespace engine::settings {
namespace {

constexpr std::int64_t tail_every_ms = 200;
constexpr std::int64_t tail_full_every_ms = 86'400'000;

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

/// A log's name stands in statements without quotes.
bool is_plain_name(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
}

void read_log(MapReader& reader, CaptureDefinition& capture) {
  capture.log = capture.mode == "tail" ? reader.required_text("log") : reader.text("log");
  if (!is_plain_name(capture.log)) {
    reader.diagnostics().error("value.name", reader.node().find("log")->origin(),
                               fmt::format("'{}' cannot be the name of a log: letters, digits and '_', with a schema before a '.'", capture.log));
  }
  capture.log_rows_max = reader.integer("log_rows_max", capture.log_rows_max, 1'000, 100'000'000);
}

void read_capture(const YamlNode& value, CaptureDefinition& capture, Diagnostics& diagnostics) {
  MapReader reader(value, capture_block(), "capture", diagnostics);
  const YamlNode* mode = reader.take("mode");
  if (mode != nullptr && mode->text() == "watermark") {
    refuse_not_yet("mode: " + mode->text(), mode->origin(), diagnostics, "use 'mode: diff'");
  } else {
    capture.mode = reader.one_of<std::string>("mode", "diff", {{"diff", "diff"}, {"tail", "tail"}});
  }
  if (capture.mode == "tail") {
    capture.every_ms = tail_every_ms;
    capture.full_every_ms = tail_full_every_ms;
  }
  read_log(reader, capture);
  capture.every_ms = reader.duration_ms("every", capture.every_ms, 10);
  capture.full_every_ms = reader.duration_ms("full_every", capture.full_every_ms, 1'000);
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
  table.name = reader.required_text("table");
  table.connection = reader.required_text("connection");
  read_rows(reader, table);
  read_key(reader, table);
  if (const YamlNode* capture = reader.take("capture")) read_capture(*capture, table.capture, diagnostics);
  if (table.capture.mode == "tail" && table.request.from.empty() && reader.has("query")) {
    diagnostics.error("key.conflict", reader.node().find("query")->origin(), "a change log is kept by the triggers of one table, and this is a query",
                      "read the table by 'from', or the query by 'mode: diff'");
  }
  table.initial =
      reader.one_of("initial", Initial::baseline, {{"baseline", Initial::baseline}, {"deliver", Initial::deliver}});
  table.renamed_from = reader.text("renamed_from");
  reader.finish();
  if (!table.name.empty()) check_name(table.name, table.origin, diagnostics);
  return table;
}

}  // namespace engine::settings
