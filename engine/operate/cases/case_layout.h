// Which columns a case's table has, and of which types.
#pragma once

#include <optional>

#include "engine/model/layout.h"
#include "engine/settings/read/case/case_definition.h"
#include "engine/settings/pipeline_definition.h"
#include "engine/settings/table_definition.h"

namespace engine::operate {

/// From the case's `columns:`, else the table's last known layout, else from the way the values are written; then columns that
/// only the mapping names are text that is NULL. Throws Error config_invalid when a key column is in none of them.
model::Layout case_layout(const settings::CaseDefinition& definition, const settings::TableDefinition& table,
                          const settings::PipelineDefinition& pipeline, const std::optional<model::Layout>& known);

/// From the way values are written alone.
model::Layout inferred_layout(const std::vector<const settings::CaseRow*>& rows);

}  // namespace engine::operate
