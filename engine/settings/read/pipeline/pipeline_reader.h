// Reads pipelines/NAME/pipeline.yaml.
#pragma once

#include <map>
#include <string>

#include "engine/settings/diagnostics.h"
#include "engine/settings/pipeline_definition.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// A pipeline with the places that checks across files point at.
struct ReadPipeline {
  PipelineDefinition definition;
  std::map<std::string, Origin> fields;  ///< every field it writes, and where that is said
  Origin renamed_from;
  Origin table;
  Origin connection;
  Origin object;
  Origin on_delete;  ///< of the target when nothing is written
  Origin mode;
  Origin updates;
  std::map<std::string, Origin> drift;  ///< fields that are not simply overwritten
  std::vector<Origin> depends_on;  ///< one for each name
};

/// `folder` is the name that the pipeline's folder has, and that it must have itself.
ReadPipeline read_pipeline(const YamlNode& root, const std::string& folder, Diagnostics& diagnostics);

/// `guard:` of a pipeline, whose fields and `deliver:` are read: not each guard fits them.
void read_guard(const YamlNode& value, ReadPipeline& pipeline, Diagnostics& diagnostics);

/// `target:` of a pipeline, whose guard is read, into `pipeline.definition.target`.
void read_target_use(const YamlNode& value, ReadPipeline& pipeline, Diagnostics& diagnostics);

/// A map of fields to constants, as under `set:`: scalars by the core schema, or lists of them.
model::FieldMap read_constants(const YamlNode& value, const std::string& what, Diagnostics& diagnostics);

}  // namespace engine::settings
