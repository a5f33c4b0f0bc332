#include "engine/operate/check.h"

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/map/mapper.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/vanished.h"

namespace engine::operate {

namespace {

TableCheck describe(model::Source& source, const settings::TableDefinition& table, bool tolerant,
                    settings::Diagnostics& diagnostics) {
  TableCheck result;
  result.table = table.name;
  try {
    result.shape = source.describe(table.request);
    result.reached = true;
  } catch (const Error& error) {
    result.problem = error.what();
    const bool offline = error.code() == ErrorCode::source_unreachable || error.code() == ErrorCode::source_busy;
    const std::string code(name_of(error.code()));
    if (offline || tolerant) {
      diagnostics.warning(code, table.origin, "table " + table.name + " could not be looked at: " + error.what(), error.hint());
    } else {
      diagnostics.error(code, table.origin, error.what(), error.hint());
    }
    return result;
  }
  if (!result.shape.key_is_indexed) {
    diagnostics.warning("table.key_not_indexed", table.origin,
                        "no index of " + (table.request.from.empty() ? "the query" : table.request.from) +
                            " leads with the key: every cycle reads it as a whole",
                        "an index on the key lets it be read in chunks");
  }
  return result;
}

void describe_tables(const settings::SourceConnection& connection, bool tolerant, CheckReport& report) {
  const auto source = connectors::catalog::make_source(connection, report.instance.dialects.at(connection.dialect));
  for (const auto& [name, table] : report.instance.tables) {
    if (table.connection == connection.name) report.tables.push_back(describe(*source, table, tolerant, report.diagnostics));
  }
}

// Placeholders, filters and expressions of a target are compiled where it is made.
void make_targets(CheckReport& report) {
  for (const auto& [name, connection] : report.instance.targets) {
    try {
      connectors::catalog::make_target(connection);
    } catch (const Error& error) {
      report.diagnostics.error("target.invalid", connection.origin, "target connection " + name + ": " + error.what(), error.hint());
    }
  }
}

void compile_mappings(CheckReport& report) {
  for (const auto& [name, pipeline] : report.instance.pipelines) {
    for (const TableCheck& table : report.tables) {
      if (table.table == pipeline.table && table.reached) {
        map::Mapper::compile(pipeline, table.shape.layout, report.diagnostics);
      }
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
  report.instance = settings::load_instance(place, settings::find_catalogues(), {.resolve_secrets = options.live},
                                            report.diagnostics);
  if (report.diagnostics.ok() && options.live) {
    for (const auto& [name, connection] : report.instance.sources) {
      describe_tables(connection, options.tolerate_sources, report);
    }
    compile_mappings(report);
    make_targets(report);
  }
  if (report.diagnostics.ok()) warn_of_vanished(report.instance, report.diagnostics);
  report.diagnostics.sort();
  return report;
}

}  // namespace engine::operate
