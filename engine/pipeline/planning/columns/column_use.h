// Which columns of its table a pipeline makes something of.
#pragma once

#include <string>

#include "engine/settings/pipeline_definition.h"

namespace engine::pipeline {

/// Some expression names the column, be it in a text such as changed('FIDO'): rather too much is told than too little. Known without
/// compiling, so also of a pipeline that waits for another column.
bool names_column(const settings::PipelineDefinition& pipeline, const std::string& column);

}  // namespace engine::pipeline
