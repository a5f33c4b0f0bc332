#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "engine/base/error.h"
#include "engine/operate/inspect.h"
#include "engine/operate/inspect/capture_proposal.h"
#include "engine/operate/inspect/hints.h"
#include "engine/operate/inspect/kept_log.h"
#include "engine/operate/inspect/look.h"
#include "engine/operate/inspect/mask.h"
#include "engine/operate/inspect/reading_time.h"
#include "engine/operate/inspect/yaml_text.h"

namespace engine::operate {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t samples_max = 3;
constexpr std::size_t sample_width_max = 30;

std::string shortened(std::string text) {
  if (text.size() <= sample_width_max) return text;
  std::size_t end = sample_width_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::vector<std::string> values_of(std::span<const SampleRow> rows, std::size_t column) {
  std::vector<std::string> values;
  for (const SampleRow& row : rows) {
    if (row[column]) values.push_back(*row[column]);
  }
  return values;
}

/// Samples are masked before they are cut: what is left of a value must not tell more than its shape.
ColumnInspection inspect_column(const model::Column& column, const std::vector<std::string>& values, bool unmasked) {
  ColumnInspection result{.column = column, .expression = column_in_sql(column.name)};
  if (const std::string function = date_function(column, values); !function.empty()) {
    result.expression = fmt::format("{}({})", function, result.expression);
  }
  if (!unmasked) result.masked_as = personal_kind(column, values);
  if (column.type == model::ColumnType::binary) return result;
  for (const std::string& value : values) {
    const std::string shown = shortened(result.masked_as.empty() ? value : masked(value));
    const bool known = std::find(result.samples.begin(), result.samples.end(), shown) != result.samples.end();
    if (!known && !shown.empty()) result.samples.push_back(shown);
    if (result.samples.size() == samples_max) break;
  }
  return result;
}

std::vector<std::string> names_of(const std::vector<model::CatalogueTable>& tables) {
  std::vector<std::string> names;
  for (const model::CatalogueTable& table : tables) {
    names.push_back(table.from);
    if (const std::size_t dot = table.from.rfind('.'); dot != std::string::npos) names.push_back(table.from.substr(dot + 1));
  }
  return names;
}

// A table that is not there is the likeliest mistake of whoever types its name.
model::Layout columns_of(Look& look, const std::string& from, std::size_t tables_max) {
  try {
    return look.catalogue->columns({.from = from});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::source_refused) throw;
    const std::vector<std::string> names = names_of(look.catalogue->tables(tables_max));
    const std::string near = settings::did_you_mean(from, names);
    throw Error(error.code(), error.what(), error.context(), near.empty() ? error.hint() : near);
  }
}

std::vector<GrowthCandidate> growth_candidates(const std::vector<std::string>& names, const model::Layout& layout,
                                               std::span<const model::CatalogueIndex> indexes, std::span<const SampleRow> rows) {
  std::vector<GrowthCandidate> candidates;
  for (std::size_t i = 0; i < layout.columns.size(); ++i) {
    const model::Column& column = layout.columns[i];
    if (std::find(names.begin(), names.end(), column.name) == names.end()) continue;
    const std::string name[] = {column.name};
    candidates.push_back({.name = column.name,
                          .growth = model::growth_of(column),
                          .indexed = std::any_of(indexes.begin(), indexes.end(), [&name](const auto& index) { return leads_with(index, name); }),
                          .has_nulls = std::any_of(rows.begin(), rows.end(), [i](const SampleRow& row) { return !row[i]; })});
  }
  return candidates;
}

// A table that cannot be captured as it is has a key to be chosen first: the measuring waits for that.
CaptureProposal capture_of(Look& look, const settings::Instance& instance, const TableInspection& table, std::vector<GrowthCandidate> candidates) {
  if (table.key.columns.empty()) return {.reasons = {"not measured: choose a key first"}};
  CaptureFacts facts{.count = table.count,
                     .key_is_indexed = table.key.indexed,
                     .is_file = look.dialect.whole_only,
                     .has_change_log = !look.dialect.change_log.log.empty(),
                     .candidates = std::move(candidates)};
  if (!facts.is_file) facts.time = measure_reading(look, {.from = table.from, .key = table.key.columns});
  CaptureProposal proposal = propose_capture(facts);
  const std::vector<std::string> logs = tell_kept_logs(look, instance, table);
  proposal.alternatives.insert(proposal.alternatives.end(), logs.begin(), logs.end());
  return proposal;
}

}  // namespace

SourceInspection inspect_source(const settings::Instance& instance, const settings::SourceConnection& connection,
                                const InspectOptions& options) {
  Look look(instance, connection, options.statement_ms_max);
  SourceInspection result{.connection = connection.name, .dialect = connection.dialect, .server = look.catalogue->server(), .proved = look.dialect.proved};
  const std::vector<model::CatalogueTable> tables = look.catalogue->tables(options.tables_max);
  result.all_listed = tables.size() < options.tables_max;
  result.traps = traps_of(look.dialect, look.catalogue->driver(), connection, nullptr);
  const auto ends = Clock::now() + std::chrono::milliseconds(options.all_ms_max);
  for (const model::CatalogueTable& table : tables) {
    TableSummary& summary = result.tables.emplace_back(TableSummary{.from = table.from, .is_view = table.is_view});
    if (table.is_view || Clock::now() > ends) continue;
    options.progress(fmt::format("counting {} of {} tables", result.tables.size(), tables.size()));
    summary.count = count_rows(look, table.from);
  }
  options.progress("");
  return result;
}

TableInspection inspect_table(const settings::Instance& instance, const settings::SourceConnection& connection, const std::string& from,
                              const InspectOptions& options) {
  Look look(instance, connection, options.statement_ms_max);
  TableInspection result{.connection = connection.name, .from = from, .server = look.catalogue->server()};
  const model::Layout layout = columns_of(look, from, options.tables_max);
  options.progress("counting rows");
  result.count = count_rows(look, from);
  options.progress("reading a sample");
  const std::vector<SampleRow> rows = sample_rows(look, from, layout);
  result.rows_sampled = rows.size();
  for (std::size_t i = 0; i < layout.columns.size(); ++i) {
    result.columns.push_back(inspect_column(layout.columns[i], values_of(rows, i), options.unmasked));
  }
  const std::vector<model::CatalogueIndex> indexes = look.catalogue->indexes(from);
  result.key = propose_key(layout, indexes, rows);
  result.modified_columns = modified_columns(layout);
  options.progress("measuring how fast it is read");
  result.capture = capture_of(look, instance, result, growth_candidates(result.modified_columns, layout, indexes, rows));
  options.progress("");
  result.traps = traps_of(look.dialect, look.catalogue->driver(), connection, &layout);
  result.files = yaml_files(instance, result, options);
  return result;
}

}  // namespace engine::operate
