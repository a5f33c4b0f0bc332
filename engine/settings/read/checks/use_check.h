// What a pipeline asks of its target and of other pipelines' records, checked against what they offer.
#pragma once

#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/instance.h"
#include "engine/settings/read/pipeline/pipeline_reader.h"

namespace engine::settings {

/// `depends_on` names other pipelines of the same connection whose records have ids, and nobody waits for itself.
void check_parents(const Instance& instance, const std::vector<ReadPipeline>& pipelines, Diagnostics& diagnostics);

/// `deliver: together` needs a source that tells transactions, and must not wait in a circle. Notes which tables have to keep transactions apart.
void check_together(Instance& instance, const std::vector<ReadPipeline>& pipelines, Diagnostics& diagnostics);

/// `mode`, `updates` and `associations` are what the object can do; its fields are written as it says.
void check_writing(const ObjectDefinition& object, const ReadPipeline& pipeline, Diagnostics& diagnostics);

/// Fields under `drift` can be read there, and are overwritten at all.
void check_drift(const ObjectDefinition& object, const ReadPipeline& pipeline, Diagnostics& diagnostics);

/// Fields that are not the pipeline's to write, that are missing, or probably misspelt.
void check_fields(const ObjectDefinition& object, const ReadPipeline& pipeline, Diagnostics& diagnostics);

/// What the target says of a field; null pointer: nothing.
const FieldDefinition* field_of(const ObjectDefinition& object, const std::string& name);

/// No two pipelines write one field of one object of one connection, unless both say `owner: rows`. Messages, which are
/// new each time, have no owner.
void check_owners(const std::vector<ReadPipeline>& pipelines, Diagnostics& diagnostics);

}  // namespace engine::settings
