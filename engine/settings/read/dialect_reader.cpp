#include "engine/settings/read/dialect_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "engine/settings/map_reader.h"

namespace engine::settings {
namespace {

/// What a vendor's code may mean to the engine: the errors of a source.
const std::vector<std::string>& source_errors() {
  static const std::vector<std::string> names{"source.unreachable", "source.refused", "source.busy",
                                              "source.schema_changed", "source.bad_data"};
  return names;
}

void read_types(MapReader& reader, DialectDefinition& dialect) {
  for (const auto& [source_type, canonical] : reader.text_map("types")) {
    const auto type = model::column_type_of(canonical);
    if (type) {
      dialect.types[source_type] = *type;
      continue;
    }
    static const std::vector<std::string> names{"integer", "real", "decimal", "text",
                                                "binary",  "date", "time",    "timestamp"};
    reader.diagnostics().error("value.unknown", reader.node().find("types")->find(source_type)->origin(),
                               fmt::format("'{}' is no type; it must be {}", canonical, listed(names)),
                               did_you_mean(canonical, names));
  }
}

void read_errors(MapReader& reader, DialectDefinition& dialect) {
  for (const auto& [vendor_code, code] : reader.text_map("errors")) {
    dialect.errors[vendor_code] = code;
    const auto& known = source_errors();
    if (std::find(known.begin(), known.end(), code) != known.end()) continue;
    reader.diagnostics().error("value.unknown", reader.node().find("errors")->find(vendor_code)->origin(),
                               fmt::format("'{}' is no error of a source; it must be {}", code, listed(known)),
                               did_you_mean(code, known));
  }
}

/// What a driver is known to do wrong, told to whoever uses it.
void read_traps(MapReader& reader, DialectDefinition& dialect) {
  const YamlNode* traps = reader.take("traps");
  if (traps == nullptr) return;
  if (!traps->is_sequence()) return refuse_kind(*traps, reader.named("traps"), "a list", reader.diagnostics());
  for (const YamlNode& each : traps->items()) {
    MapReader trap(each, trap_block(), "the trap", reader.diagnostics());
    if (!trap.is_map()) continue;
    dialect.traps.push_back({trap.required_text("text"), trap.text("driver"), trap.texts("types"), trap.text("without")});
    trap.finish();
  }
}

void read_probes(MapReader& reader, DialectDefinition& dialect) {
  const YamlNode* probes = reader.take("probes");
  if (probes == nullptr) return;
  if (!probes->is_sequence()) return refuse_kind(*probes, reader.named("probes"), "a list", reader.diagnostics());
  for (const YamlNode& each : probes->items()) {
    MapReader probe(each, probe_block(), "the probe", reader.diagnostics());
    if (!probe.is_map()) continue;
    dialect.probes.push_back({probe.required_text("sql"), probe.duration_ms("settles_after", 0, 0)});
    probe.finish();
  }
}

void read_writing(const YamlNode& value, Diagnostics& diagnostics, DialectWriting& write) {
  MapReader reader(value, dialect_writing_block(), "'write' of the dialect", diagnostics);
  write.session = reader.texts("session");
  for (auto& [key, text] : reader.text_map("connect_options")) write.connect_options[key] = std::move(text);
  write.upsert = reader.text("upsert");
  write.set = reader.text("set");
  write.value = reader.text("value", write.value);
  write.any_unique_key = reader.boolean("any_unique_key", false);
  write.wide_text = reader.boolean("wide_text", false);
  for (auto& [type, text] : reader.text_map("parameters")) {
    write.parameters[type] = std::move(text);
    if (std::count(write.parameters[type].begin(), write.parameters[type].end(), '?') == 1) continue;
    diagnostics.error("value.type", value.find("parameters")->find(type)->origin(),
                      fmt::format("what stands for a {} must hold one ?", type));
  }
  write.blamed_column = reader.texts("blamed_column");
  for (const std::string& pattern : write.blamed_column) {
    try {
      if (std::regex(pattern).mark_count() > 0) continue;
    } catch (const std::regex_error&) {
      // Told below.
    }
    diagnostics.error("value.type", value.find("blamed_column")->origin(),
                      fmt::format("'{}' is no regular expression with a group", pattern));
  }
  reader.finish();
}

/// Rows that are summed in one state and read in another would look equal when they are not.
void read_checksum(const YamlNode& value, Diagnostics& diagnostics, DialectDefinition& dialect) {
  DialectChecksum& checksum = dialect.checksum;
  MapReader reader(value, dialect_checksum_block(), "checksum", diagnostics);
  if (!reader.is_map()) return;
  checksum.condition = reader.text("if");
  checksum.rows = reader.required_text("rows");
  checksum.column = reader.text("column", checksum.column);
  for (auto& [type, text] : reader.text_map("columns")) checksum.columns[type] = std::move(text);
  if (!checksum.rows.empty() && checksum.rows.find("{columns}") == std::string::npos) {
    diagnostics.error("value.type", value.find("rows")->origin(), "'rows' of checksum must hold {columns}");
  }
  if (dialect.open_view.empty()) {
    diagnostics.error("key.missing", value.origin(), "'checksum' needs 'open_view': it must be of the same state as the rows that are read");
  }
  reader.finish();
}

void read_change_log(const YamlNode& value, Diagnostics& diagnostics, DialectChangeLog& log) {
  MapReader reader(value, dialect_change_log_block(), "'change_log' of the dialect", diagnostics);
  log.proved = reader.text("proved");
  log.log = reader.texts("log");
  log.triggers = reader.texts("triggers");
  log.no_triggers = reader.texts("no_triggers");
  log.no_log = reader.texts("no_log");
  log.grant = reader.text("grant");
  log.installed = reader.text("installed");
  log.name_max = static_cast<std::size_t>(reader.integer("name_max", static_cast<std::int64_t>(log.name_max), 18, 1'000));
  log.in_transaction = reader.boolean("in_transaction", false);
  log.tells_transaction = reader.boolean("tells_transaction", false);
  log.old_row = reader.text("old_row", log.old_row);
  log.new_row = reader.text("new_row", log.new_row);
  log.key_part = reader.text("key_part");
  log.key = reader.text("key", log.key);
  log.key_join = reader.text("key_join");
  log.part_text = reader.text("part_text");
  for (auto& [type, text] : reader.text_map("key_text")) log.key_text[type] = std::move(text);
  log.session = reader.texts("session");
  log.failing = reader.text("failing");
  log.unseen = reader.texts("unseen");
  reader.finish();
}

DialectHistory history_of(const YamlNode& value, const std::string& name, Diagnostics& diagnostics) {
  MapReader reader(value, dialect_history_block(), fmt::format("the history '{}'", name), diagnostics);
  DialectHistory history;
  if (!reader.is_map()) return history;
  history.proved = reader.text("proved");
  history.enabled_by = reader.texts("enabled_by");
  history.installed = reader.text("installed");
  history.mark = reader.required_text("mark");
  history.mark_type = reader.one_of("mark_type", history.mark_type, {{"integer", model::ColumnType::integer}, {"decimal", model::ColumnType::decimal}});
  history.last_change_only = reader.boolean("last_change_only", false);
  history.count = reader.text("count");
  history.changes = reader.required_text("changes");
  history.lost = reader.texts("lost");
  history.remarks = reader.texts("remarks");
  reader.finish();
  return history;
}

void read_journal(const YamlNode& value, Diagnostics& diagnostics, DialectJournal& journal) {
  MapReader reader(value, dialect_journal_block(), "'journal' of the dialect", diagnostics);
  if (!reader.is_map()) return;
  journal.proved = reader.text("proved");
  journal.enabled_by = reader.texts("enabled_by");
  journal.file = reader.required_text("file");
  journal.receivers = reader.required_text("receivers");
  journal.readable = reader.texts("readable");
  journal.entries = reader.required_text("entries");
  journal.commits = reader.required_text("commits");
  journal.rows = reader.required_text("rows");
  journal.all_rows = reader.required_text("all_rows");
  journal.hints = reader.texts("hints");
  journal.appearing = reader.texts("appearing");
  journal.ignored = reader.texts("ignored");
  journal.lost = reader.texts("lost");
  journal.remarks = reader.texts("remarks");
  reader.finish();
}

void read_histories(MapReader& reader, DialectDefinition& dialect) {
  const YamlNode* histories = reader.take("histories");
  if (histories == nullptr) return;
  if (!histories->is_map()) return refuse_kind(*histories, reader.named("histories"), "a map of names", reader.diagnostics());
  for (const auto& entry : histories->entries()) dialect.histories[entry.key] = history_of(entry.value, entry.key, reader.diagnostics());
}

}  // namespace

/// Dialects are data: what is not checked here is first seen by the server, when the statement is run.
std::optional<DialectDefinition> read_dialect(const YamlNode& root, Diagnostics& diagnostics) {
  MapReader reader(root, dialect_block(), "the dialect", diagnostics);
  if (!reader.is_map()) return std::nullopt;
  DialectDefinition dialect;
  dialect.name = reader.required_text("dialect");
  dialect.about = reader.text("about");
  dialect.proved = reader.text("proved");
  dialect.quote_open = reader.text("quote_open", dialect.quote_open);
  dialect.quote_close = reader.text("quote_close", dialect.quote_close);
  dialect.limit = reader.text("limit", dialect.limit);
  const bool limit_fits = dialect.limit.empty() || (dialect.limit.find("{sql}") != std::string::npos &&
                                                    dialect.limit.find("{n}") != std::string::npos);
  if (!limit_fits) {
    diagnostics.error("value.type", root.find("limit")->origin(),
                      "'limit' of the dialect must hold {sql} and {n}, or be \"\"");
  }
  dialect.session = reader.texts("session");
  for (auto& [key, value] : reader.text_map("connect_options")) dialect.connect_options[key] = std::move(value);
  for (auto& [key, value] : reader.text_map("stream_options")) dialect.stream_options[key] = std::move(value);
  for (auto& [key, value] : reader.text_map("select")) dialect.select[key] = std::move(value);
  for (auto& [key, value] : reader.text_map("now")) dialect.now[key] = std::move(value);
  dialect.rows_per_fetch = static_cast<int>(reader.integer("rows_per_fetch", dialect.rows_per_fetch, 1, 1000));
  dialect.reread_in_array = reader.boolean("reread_in_array", false);
  read_types(reader, dialect);
  dialect.describe_twice = reader.boolean("describe_twice", false);
  dialect.char_by_type_name = reader.boolean("char_by_type_name", false);
  dialect.whole_only = reader.boolean("whole_only", false);
  dialect.cell_by_cell = reader.boolean("cell_by_cell", false);
  dialect.text_bytes_max = static_cast<std::size_t>(reader.integer("text_bytes_max", 0, 0, 1'000'000'000));
  dialect.statement_bytes_max = static_cast<std::size_t>(reader.integer("statement_bytes_max", 0, 0, 1'000'000'000));
  dialect.unreadable = reader.texts("unreadable");
  dialect.row_count = reader.text("row_count");
  dialect.empty_is_null = reader.boolean("empty_is_null", false);
  read_probes(reader, dialect);
  dialect.open_view = reader.texts("open_view");
  dialect.open_view_if = reader.text("open_view_if");
  dialect.close_view = reader.texts("close_view");
  if (const YamlNode* checksum = reader.take("checksum")) read_checksum(*checksum, diagnostics, dialect);
  read_errors(reader, dialect);
  read_traps(reader, dialect);
  if (const YamlNode* write = reader.take("write")) read_writing(*write, diagnostics, dialect.write);
  if (const YamlNode* log = reader.take("change_log")) read_change_log(*log, diagnostics, dialect.change_log);
  read_histories(reader, dialect);
  if (const YamlNode* journal = reader.take("journal")) read_journal(*journal, diagnostics, dialect.journal);
  dialect.own_log = reader.one_of<std::string>("own_log", "", {{"slot", "slot"}, {"versions", "versions"}});
  reader.finish();
  return dialect;
}

}  // namespace engine::settings
