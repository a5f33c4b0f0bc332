#include "engine/operate/check.h"

#include <future>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/map/mapper.h"
#include "engine/operate/check/definition_check.h"
#include "engine/operate/check/keyless_check.h"
#include "engine/operate/check/source_check.h"
#include "engine/operate/check/target_check.h"
#include "engine/operate/vanished.h"

namespace engine::operate {

namespace {

// One thread a connection: a check lasts as long as its slowest connection, and drivers end each wait by their time-outs.
void look_at_connections(const CheckOptions& options, CheckReport& report) {
  const settings::Instance& instance = report.instance;
  std::vector<std::future<SourceFindings>> sources;
  std::vector<std::future<TargetFindings>> targets;
  for (const auto& [name, connection] : instance.sources) {
    sources.push_back(std::async(std::launch::async, [&instance, &connection = connection, &options] { return check_source(instance, connection, options); }));
  }
  for (const auto& [name, connection] : instance.targets) {
    targets.push_back(std::async(std::launch::async, [&instance, &connection = connection, &options] { return check_target(instance, connection, options); }));
  }
  for (auto& source : sources) {
    SourceFindings found = source.get();
    append(found.diagnostics, report.diagnostics);
    report.connections.push_back(std::move(found.connection));
    std::move(found.tables.begin(), found.tables.end(), std::back_inserter(report.tables));
  }
  for (auto& target : targets) {
    TargetFindings found = target.get();
    append(found.diagnostics, report.diagnostics);
    report.connections.push_back(std::move(found.connection));
  }
}

/// The mapping fits columns that its table had: the table changed, not the configuration.
bool did_fit(const settings::Instance& instance, const settings::PipelineDefinition& pipeline) {
  if (!std::filesystem::exists(instance.journal_path)) return false;
  try {
    journal::ReadOnlyJournal journal(instance.journal_path);
    const auto row = journal->tables.find(pipeline.table);
    if (!row) return false;
    for (const std::int64_t id : journal->tables.layouts(row->id)) {
      settings::Diagnostics ignored;
      if (map::Mapper::compile(pipeline, journal->tables.layout(id).value(), ignored)) return true;
    }
  } catch (const Error&) {
    // Whether the journal can be read at all is told by those who need it.
  }
  return false;
}

/// What conditions take from the row stands among the table's columns.
void check_conditions(const settings::PipelineDefinition& pipeline, const model::Layout& layout, settings::Diagnostics& diagnostics) {
  std::vector<std::string> columns;
  for (const model::Column& column : layout.columns) {
    if (!column.is_table()) columns.push_back(column.name);
  }
  for (const settings::HoldWhile& condition : pipeline.hold_while) {
    for (const settings::QueryPart& part : condition.parts) {
      const auto found = part.column.empty() ? std::nullopt : layout.find(part.column);
      if (part.column.empty() || (found && !layout.columns[*found].is_table())) continue;
      diagnostics.error("sql.unknown_column", part.origin,
                        fmt::format("the condition '{}' asks with ':{}', and the table {} has no such column", condition.name, part.column, pipeline.table),
                        settings::did_you_mean(part.column, columns));
    }
  }
}

// A daemon that starts holds a pipeline whose table lost a column, as one that runs does: the others go on.
void compile_mappings(const CheckOptions& options, CheckReport& report) {
  for (const auto& [name, pipeline] : report.instance.pipelines) {
    for (const TableCheck& table : report.tables) {
      if (table.table != pipeline.table || !table.reached) continue;
      if (!options.tolerate_sources) check_conditions(pipeline, table.shape.layout, report.diagnostics);
      settings::Diagnostics found;
      if (map::Mapper::compile(pipeline, table.shape.layout, found) || !options.tolerate_sources || !did_fit(report.instance, pipeline)) {
        append(found, report.diagnostics);
        continue;
      }
      for (const settings::Diagnostic& each : found.all()) report.diagnostics.warning(each.code, each.origin, each.message, each.suggestion);
    }
  }
}

}  // namespace

CheckReport check(const settings::InstancePlace& place, const CheckOptions& options) {
  if (!std::filesystem::is_directory(place.path)) {
    throw Error(ErrorCode::environment_missing, "there is no instance folder " + place.path.string(), {},
                "give the folder that holds datapicker.yaml with --instance DIR");
  }
  CheckReport report;
  const settings::Catalogues catalogues = settings::find_catalogues();
  report.instance = settings::load_instance(place, catalogues, {.resolve_secrets = options.live}, report.diagnostics);
  if (report.diagnostics.ok()) check_definitions(report.instance, catalogues, report.diagnostics);
  if (report.diagnostics.ok()) check_keyless(report.instance, report.diagnostics);
  // Of a configuration that cannot be read right nobody is asked anything.
  if (report.diagnostics.ok() && options.live) {
    look_at_connections(options, report);
    compile_mappings(options, report);
  }
  if (report.diagnostics.ok()) warn_of_vanished(report.instance, report.diagnostics);
  report.diagnostics.sort();
  return report;
}

}  // namespace engine::operate
