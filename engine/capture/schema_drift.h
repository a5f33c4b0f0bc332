// Whether a table still looks as it did when its images were made.
#pragma once

#include "engine/model/layout.h"

namespace engine::capture {

/// Throws Error source_schema_changed, naming every column that was added, is missing or has another type, and a changed
/// key: images and keys of the one layout say nothing about rows of the other. Sizes, nullability and the order of columns may
/// change: they do not change what a row holds.
void require_same_columns(const model::Layout& stored, const model::Layout& described);

/// The columns' names, their order, or what a nested table looks like differ: images must be told which layout they were made with.
bool is_reordered(const model::Layout& stored, const model::Layout& described);

}  // namespace engine::capture
