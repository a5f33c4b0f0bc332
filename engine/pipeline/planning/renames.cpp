#include "engine/pipeline/planning/renames.h"

#include "engine/base/log.h"

namespace engine::pipeline {

void apply_renames(const settings::Instance& instance, journal::Records& records) {
  for (const auto& [name, table] : instance.tables) {
    if (!table.renamed_from.empty() && records.tables.rename(table.renamed_from, name))
      log_event(LogLevel::info, "table.renamed", {{"table", name}, {"from", table.renamed_from}});
  }
  for (const auto& [name, pipeline] : instance.pipelines) {
    if (!pipeline.renamed_from.empty() && records.pipelines.rename(pipeline.renamed_from, name))
      log_event(LogLevel::info, "pipeline.renamed", {{"pipeline", name}, {"from", pipeline.renamed_from}});
  }
}

}  // namespace engine::pipeline
