#include <set>

#include <fmt/format.h>

#include "engine/settings/read/checks/use_check.h"

namespace engine::settings {
namespace {

/// Of the ways to follow a table, those that may name the transaction of a change.
bool tells_transactions(const Instance& instance, const TableDefinition& table) {
  if (table.capture.mode != "tail") return false;
  if (table.capture.by != "triggers") return true;
  const auto source = instance.sources.find(table.connection);
  const auto dialect = source == instance.sources.end() ? instance.dialects.end() : instance.dialects.find(source->second.dialect);
  // A connection or dialect that is not there is told elsewhere.
  return dialect == instance.dialects.end() || dialect->second.change_log.tells_transaction;
}

}  // namespace

void check_together(Instance& instance, const std::vector<ReadPipeline>& pipelines, Diagnostics& diagnostics) {
  std::set<std::string> together;
  for (const ReadPipeline& pipeline : pipelines) {
    const PipelineDefinition& definition = pipeline.definition;
    if (definition.deliver != DeliverPolicy::together) continue;
    together.insert(definition.name);
    if (!definition.hold_while.empty()) {
      diagnostics.error("together.guard", definition.hold_while.front().query.origin,
                        fmt::format("a condition of '{}' would keep back rows, and 'deliver: together' sends transactions", definition.name),
                        "remove hold_while, or use 'deliver: latest'");
    }
    for (const auto& [field, origin] : pipeline.drift) {
      if (definition.drift.at(field) != OnDrift::hold) continue;
      diagnostics.error("together.guard", origin, fmt::format("'{}' of '{}' would hold single rows when it drifted, and 'deliver: together' sends transactions", field, definition.name),
                        "keep or overwrite it, or use 'deliver: latest'");
    }
    const auto table = instance.tables.find(definition.table);
    if (table == instance.tables.end()) continue;
    table->second.capture.ties_transactions = true;
    if (tells_transactions(instance, table->second)) continue;
    diagnostics.error("together.untold", definition.deliver_origin,
                      fmt::format("how '{}' is captured does not tell which changes are of one transaction", definition.table),
                      "capture it by 'mode: tail', by a log that names transactions (docs/guides/deliver/together.md); or use 'deliver: latest'");
  }
  for (const ReadPipeline& pipeline : pipelines) {
    const PipelineDefinition& definition = pipeline.definition;
    if (!together.contains(definition.name)) continue;
    for (std::size_t i = 0; i < definition.depends_on.size(); ++i) {
      if (!together.contains(definition.depends_on[i])) continue;
      diagnostics.error("together.parent", pipeline.depends_on[i],
                        fmt::format("'{}' and '{}', which it depends on, both deliver together: a new record would wait for its parent's transaction, and a delete of "
                                    "the parent for this one's",
                                    definition.name, definition.depends_on[i]),
                        fmt::format("use 'deliver: latest' in '{}', or capture both tables as one document", definition.depends_on[i]));
    }
  }
}

}  // namespace engine::settings
