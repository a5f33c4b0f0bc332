// Columns that a table gets from its configuration (`for_each`): they lead every row and every key.
#pragma once

#include <memory>

#include "engine/model/source.h"

namespace connectors::catalog {

/// The source, whose tables show their request's `constants` as columns of type text in front of their own. Tables
/// without constants pass as they are. Describing one that has such a column itself throws source_refused.
std::unique_ptr<engine::model::Source> with_constant_columns(std::unique_ptr<engine::model::Source> source);

}  // namespace connectors::catalog
