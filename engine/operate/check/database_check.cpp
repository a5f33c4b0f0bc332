#include "engine/operate/check/database_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"

namespace engine::operate {

namespace {

settings::SourceConnection as_source(const settings::TargetConnection& connection) {
  settings::SourceConnection source;
  source.name = connection.name;
  source.origin = connection.origin;
  source.odbc = connection.database.odbc;
  source.dialect = connection.database.dialect.name;
  source.connect_timeout_ms = connection.database.connect_timeout_ms;
  source.query_timeout_ms = connection.timeout_ms;
  return source;
}

/// The columns that a pipeline writes, each with the place that names it.
std::map<std::string, settings::Origin> written_columns(const settings::PipelineDefinition& pipeline, const settings::TargetConnection& connection) {
  std::map<std::string, settings::Origin> columns;
  const settings::TargetUse& use = pipeline.target;
  for (const auto* fields : {&use.match, &pipeline.map}) {
    for (const settings::FieldExpression& field : *fields) columns.try_emplace(field.field, field.expressions.front().origin);
  }
  for (const settings::ValuesDefinition& values : pipeline.values) columns.try_emplace(values.field, values.of.origin);
  for (const auto& [field, value] : pipeline.set) columns.try_emplace(field, pipeline.origin);
  for (const auto& [field, value] : use.on_delete_update) columns.try_emplace(field, use.origin);
  if (const auto table = connection.database.tables.find(use.object); table != connection.database.tables.end()) {
    for (const std::string& column : {table->second.idempotency_column, table->second.operation_column}) {
      if (!column.empty()) columns.try_emplace(column, connection.origin);
    }
  }
  return columns;
}

std::vector<std::string> names_of(const model::Layout& layout) {
  std::vector<std::string> names;
  for (const model::Column& column : layout.columns) names.push_back(column.name);
  return names;
}

void check_table(model::Catalogue& catalogue, const settings::PipelineDefinition& pipeline, const settings::TargetConnection& connection,
                 settings::Diagnostics& diagnostics) {
  const std::string& table = pipeline.target.object;
  model::TableRequest request;
  request.from = table;
  const model::Layout layout = catalogue.columns(request);
  for (const auto& [column, origin] : written_columns(pipeline, connection)) {
    if (layout.find(column)) continue;
    diagnostics.error("target.no_column", origin, fmt::format("the table {} of '{}' has no column '{}'", table, connection.name, column),
                      settings::did_you_mean(column, names_of(layout), "it has " + settings::listed(names_of(layout), "and")));
  }
  if (const auto how = connection.database.tables.find(table); how != connection.database.tables.end() && how->second.appends) return;
  std::set<std::string> match;
  for (const settings::FieldExpression& field : pipeline.target.match) match.insert(layout.find(field.field) ? layout.columns[*layout.find(field.field)].name : field.field);
  for (const model::CatalogueIndex& index : catalogue.indexes(table)) {
    if (index.unique && std::set<std::string>(index.columns.begin(), index.columns.end()) == match) return;
  }
  diagnostics.warning("target.no_unique_key", pipeline.target.origin,
                      fmt::format("no unique index of {} has exactly the columns {}: each row takes an UPDATE, and an INSERT where that finds none",
                                  table, settings::listed(std::vector<std::string>(match.begin(), match.end()), "and")),
                      "create the index: it is faster, and keeps others from making a second row");
}

}  // namespace

void check_database(const settings::Instance& instance, const settings::TargetConnection& connection, TargetFindings& found) {
  const auto catalogue = connectors::catalog::make_catalogue(as_source(connection), connection.database.dialect);
  try {
    catalogue->server();
    found.connection.reached = true;
  } catch (const Error& error) {
    found.connection.problem = error.what();
    found.diagnostics.warning(error.code() == ErrorCode::source_refused ? "target.auth_refused" : "target.unreachable", connection.origin,
                              fmt::format("target connection '{}': {}", connection.name, error.what()), error.hint());
    return;
  }
  for (const auto& [name, pipeline] : instance.pipelines) {
    if (pipeline.target.connection != connection.name) continue;
    try {
      check_table(*catalogue, pipeline, connection, found.diagnostics);
    } catch (const Error& error) {
      found.diagnostics.warning("target.refused", pipeline.target.origin,
                                fmt::format("the table {} of '{}' cannot be read: {}", pipeline.target.object, connection.name, error.what()),
                                "check its name, and what the connection's user may see");
    }
  }
}

}  // namespace engine::operate
