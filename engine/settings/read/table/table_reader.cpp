#include "engine/settings/read/table/table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "engine/base/text/durations.h"
#include "engine/model/source/row_identity.h"
#include "engine/settings/map_reader.h"
#include "engine/settings/read/connection_reader.h"
#include "engine/settings/read/table/document_reader.h"

namespace engine::settings {
namespace {

constexpr std::int64_t tail_every_ms = 200;

/// How long is believed what spares the reading of all rows, unless the table says it.
std::int64_t full_every_ms(std::string_view mode) {
  return mode == "tail" ? 24 * hour_ms : mode == "watermark" ? 6 * hour_ms : hour_ms;
}

/// The source of a table: `from` or `query`, never both. A query is read as a derived table, so it is one SELECT.
void read_rows(MapReader& reader, TableDefinition& table) {
  Diagnostics& diagnostics = reader.diagnostics();
  table.request.from = reader.text("from");
  if (const YamlNode* query = reader.take("query")) table.request.query = read_query(*query, reader.named("query"), diagnostics);
  if (!reader.is_map()) return;
  if (reader.has("from") && reader.has("query")) {
    diagnostics.error("key.conflict", reader.node().find("query")->origin(), "the table has both 'from' and 'query'",
                      "keep one of them");
  } else if (!reader.has("from") && !reader.has("query")) {
    diagnostics.error("key.missing", table.origin, "the table has neither 'from' nor 'query'",
                      "add 'from: schema.table'");
  }
}

/// A document says for each of its tables what a plain table says for itself.
void read_document_of(MapReader& reader, const YamlNode& document, TableDefinition& table) {
  for (const char* key : {"from", "query", "key", "exclude"}) {
    if (const YamlNode* value = reader.take_any(key)) {
      reader.diagnostics().error("key.conflict", value->origin(), fmt::format("the table has both '{}' and 'document'", key), fmt::format("write '{}' below 'root' of the document", key));
    }
  }
  read_document(document, table, reader.diagnostics());
}

/// Whether the columns exist is known only at the source; here they are named once each, and are read.
void read_key(MapReader& reader, TableDefinition& table) {
  Diagnostics& diagnostics = reader.diagnostics();
  table.request.key = reader.texts("key");
  const YamlNode* whole = reader.node().find("key");
  const bool is_keyless = whole != nullptr && whole->is_scalar() && whole->text() == "none";
  if (is_keyless) table.request.key = model::row_identity();
  table.request.exclude = reader.texts("exclude");
  if (!reader.has("key") && reader.is_map()) {
    diagnostics.error("key.missing", table.origin, "the table has no 'key'",
                      "add 'key: [column]': the columns that tell its rows apart, or 'key: none'");
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

/// The columns of a watermark, each with its place.
void read_columns(MapReader& reader, CaptureDefinition& capture) {
  const std::vector<std::string> names = reader.texts("column");
  const YamlNode* written = reader.node().find("column");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Origin& origin = written->is_sequence() ? written->items()[i].origin() : written->origin();
    const bool twice = std::any_of(capture.columns.begin(), capture.columns.end(), [&](const GrowingColumn& other) { return other.name == names[i]; });
    if (twice) reader.diagnostics().error("key.duplicate", origin, fmt::format("the column '{}' stands twice", names[i]));
    else capture.columns.push_back({names[i], origin});
  }
}

void read_watermark(MapReader& reader, CaptureDefinition& capture) {
  read_columns(reader, capture);
  // A second at least: columns that hold whole seconds are stamped up to one behind the clock.
  capture.overlap_ms = reader.duration_ms("overlap", capture.overlap_ms, 1'000);
  capture.overlap_ids = reader.integer("overlap_ids", capture.overlap_ids, 0, 1'000'000'000'000);
  if (capture.mode == "watermark" && capture.columns.empty() && !reader.has("column")) {
    reader.diagnostics().error("key.missing", reader.node().origin(), "'mode: watermark' has no 'column'",
                               "add 'column: ts_mod': the column that grows with each change, or use 'mode: diff'");
  }
  if (capture.mode == "watermark") return;
  for (const char* key : {"column", "overlap", "overlap_ids"}) {
    if (capture.by == "versions" && key == std::string_view("overlap")) continue;
    if (const YamlNode* value = reader.node().find(key)) {
      reader.diagnostics().error("key.conflict", value->origin(), fmt::format("{} has no meaning in 'mode: {}'", reader.named(key), capture.mode),
                                 "add 'mode: watermark', or remove it");
    }
  }
}

/// A log's name stands in statements without quotes.
bool is_plain_name(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
}

/// PostgreSQL takes no others.
bool is_slot_name(const std::string& name) {
  return name.size() <= 63 && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_'; });
}

void read_log(MapReader& reader, CaptureDefinition& capture) {
  Diagnostics& diagnostics = reader.diagnostics();
  capture.by = reader.one_of<std::string>("by", capture.by,
                                          {{"triggers", "triggers"}, {"slot", "slot"}, {"versions", "versions"},
                                           {"change_tracking", "change_tracking"}, {"flashback", "flashback"}, {"journal", "journal"}});
  const bool named = capture.by == "triggers" || capture.by == "slot";
  const bool is_needed = capture.mode == "tail" && named && reader.is_map();
  capture.log = is_needed && reader.has("log") ? reader.required_text("log") : reader.text("log");
  if (is_needed && !reader.has("log")) {
    diagnostics.error("key.missing", reader.node().origin(), "capture has no 'log'",
                      capture.by == "slot" ? "name the slot that is followed: capture: { mode: tail, by: slot, log: datapicker }"
                                           : "name the table that triggers fill: capture: { mode: tail, log: change_log }; `datapicker change-log install` "
                                             "makes both");
  }
  if (!named && !capture.log.empty()) {
    diagnostics.error("key.conflict", reader.node().find("log")->origin(), fmt::format("'log' has no meaning in 'by: {}'", capture.by),
                      "remove it: what the database keeps of the table is read");
  } else if (capture.by == "slot" && !is_slot_name(capture.log)) {
    diagnostics.error("value.name", reader.node().find("log")->origin(),
                      fmt::format("'{}' cannot be the name of a slot: small letters, digits and '_', at most 63", capture.log));
  } else if (!is_plain_name(capture.log)) {
    diagnostics.error("value.name", reader.node().find("log")->origin(),
                      fmt::format("'{}' cannot be the name of a log: letters, digits and '_', with a schema before a '.'", capture.log));
  }
  if (!named && !capture.is_fed()) capture.log = capture.by;
  capture.log_rows_max = reader.integer("log_rows_max", capture.log_rows_max, 1'000, 100'000'000);
  capture.log_bytes_max = reader.size_bytes("log_bytes_max", capture.log_bytes_max);
  for (const char* key : {"by", "log_bytes_max"}) {
    const YamlNode* value = reader.node().find(key);
    if (value == nullptr || (capture.mode == "tail" && (key == std::string_view("by") || capture.by == "slot"))) continue;
    diagnostics.error("key.conflict", value->origin(), fmt::format("{} has no meaning here", reader.named(key)),
                      key == std::string_view("by") ? "add 'mode: tail', or remove it" : "it is for 'mode: tail' with 'by: slot'");
  }
}

void read_capture(const YamlNode& value, CaptureDefinition& capture, Diagnostics& diagnostics) {
  MapReader reader(value, capture_block(), "capture", diagnostics);
  capture.mode = reader.one_of<std::string>("mode", "diff", {{"diff", "diff"}, {"watermark", "watermark"}, {"tail", "tail"}});
  read_log(reader, capture);
  if (capture.mode == "tail" && (capture.by == "triggers" || capture.by == "slot")) capture.every_ms = tail_every_ms;
  capture.every_ms = reader.duration_ms("every", capture.every_ms, 10);
  capture.full_every_ms = reader.duration_ms("full_every", full_every_ms(capture.mode), 1'000);
  capture.probe = reader.boolean("probe", true);
  capture.segments = reader.boolean("segments", true);
  capture.chunk_rows = static_cast<std::size_t>(
      reader.integer("chunk_rows", static_cast<std::int64_t>(capture.chunk_rows), 1, 1'000'000));
  if (reader.is_map()) read_watermark(reader, capture);
  reader.finish();
}

/// Only where all rows are read can one be told from others by all it holds.
void refuse_keyless_mode(const MapReader& reader, const TableDefinition& table, Diagnostics& diagnostics) {
  if (table.capture.mode == "diff" || !model::is_row_identity(table.request.key)) return;
  diagnostics.error("key.conflict", reader.node().find("key")->origin(), fmt::format("'mode: {}' finds rows by their key, and the table has none", table.capture.mode),
                    "use 'mode: diff', or name the columns that tell rows apart");
}

/// What is not read cannot be seen to grow.
void refuse_excluded_columns(const TableDefinition& table, Diagnostics& diagnostics) {
  for (const GrowingColumn& column : table.capture.columns) {
    const auto& excluded = table.request.exclude;
    if (std::find(excluded.begin(), excluded.end(), column.name) == excluded.end()) continue;
    diagnostics.error("key.conflict", column.origin, fmt::format("the column '{}' is excluded, and cannot be the watermark", column.name),
                      "take it out of 'exclude'");
  }
}

void read_identity(MapReader& reader, TableDefinition& table) {
  table.unchanged_identity = reader.texts("unchanged_identity");
  if (table.unchanged_identity.empty()) return;
  const auto refuse = [&](std::string why) {
    reader.diagnostics().error("key.conflict", reader.node().find("unchanged_identity")->origin(), std::move(why),
                               "name columns that are read, and that stay when the key changes");
  };
  if (model::is_row_identity(table.request.key)) refuse("a table without a key has none that changes");
  for (const std::string& column : table.unchanged_identity) {
    const auto stands_in = [&column](const std::vector<std::string>& names) { return std::ranges::find(names, column) != names.end(); };
    if (stands_in(table.request.exclude)) refuse(fmt::format("the column '{}' is excluded", column));
    if (stands_in(table.request.key)) refuse(fmt::format("the column '{}' is part of the key, which changes", column));
  }
}

}  // namespace

/// A table without `capture:` is compared as a whole, as often as the instance says.
/// Columns are not looked at: they are compared with the source when it is described.
TableDefinition read_table(const YamlNode& root, std::int64_t every_ms, Diagnostics& diagnostics) {
  MapReader reader(root, table_block(), "the table", diagnostics);
  TableDefinition table;
  table.origin = root.origin();
  table.capture.every_ms = every_ms;
  table.capture.full_every_ms = full_every_ms(table.capture.mode);
  table.name = reader.required_text("table");
  table.connection = reader.required_text("connection");
  if (const YamlNode* document = reader.take("document")) {
    read_document_of(reader, *document, table);
  } else {
    read_rows(reader, table);
    read_key(reader, table);
  }
  if (const YamlNode* capture = reader.take("capture")) read_capture(*capture, table.capture, diagnostics);
  refuse_excluded_columns(table, diagnostics);
  refuse_keyless_mode(reader, table, diagnostics);
  if (!table.request.nested.empty() && table.capture.by != "triggers") {
    diagnostics.error("key.conflict", table.origin, fmt::format("a document cannot be followed 'by: {}'", table.capture.by),
                      "use 'mode: tail' by triggers, or 'mode: diff'");
  }
  fit_capture(table, diagnostics);
  if (table.capture.mode == "tail" && !table.request.query.empty()) {
    diagnostics.error("key.conflict", reader.has("query") ? reader.node().find("query")->origin() : table.origin, "a change log tells of one table, and this is a query",
                      "read the table by 'from', or the query by 'mode: diff'");
  }
  table.initial =
      reader.one_of("initial", Initial::baseline, {{"baseline", Initial::baseline}, {"deliver", Initial::deliver}});
  table.renamed_from = reader.text("renamed_from");
  read_identity(reader, table);
  reader.finish();
  if (!table.name.empty()) check_name(table.name, table.origin, diagnostics);
  return table;
}

}  // namespace engine::settings
