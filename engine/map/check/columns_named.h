// Which columns a pipeline's expressions speak of, before anybody knows the table.
#pragma once

#include <set>
#include <string>

#include "engine/settings/pipeline_definition.h"

namespace engine::map {

/// Every name that can only be a column: no keyword, no function, `old.` left out. A type behind AS is among them: nobody can tell
/// it from a column without SQLite's grammar.
std::set<std::string> columns_named(const settings::PipelineDefinition& pipeline);

}  // namespace engine::map
