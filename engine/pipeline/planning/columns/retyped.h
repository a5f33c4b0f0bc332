// A column that a pipeline reads has another type than its mapping was written for.
#pragma once

#include <string>

#include "engine/journal/journal.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::pipeline {

/// Why the pipeline must not map with `layout`, its table's present one; empty: it may. The mapping that it last used is known by its fingerprint,
/// which holds the types of the columns that it reads: one that fits an older layout and not this one saw a column change under it. An edited
/// mapping fits neither, so that whoever adapts it decides.
std::string retyped_under(journal::Records& records, const journal::PipelineRow& row, const Planning& planning, const model::Layout& layout);

}  // namespace engine::pipeline
