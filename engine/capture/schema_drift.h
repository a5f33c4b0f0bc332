// Whether a table still looks as it did when its images were made.
#pragma once

#include <string>

#include "engine/model/layout.h"

namespace engine::capture {

/// What is different about a table's columns: "column EMAIL was added; column FIDO was integer and is decimal"; empty: nothing. Sizes,
/// nullability and the order of columns do not count: they do not change what a row holds. Throws Error source_schema_changed for another key,
/// or one with another type: then keys of the one layout say nothing about rows of the other; and for any difference where there is no key.
std::string drift_between(const model::Layout& stored, const model::Layout& described);

/// The columns' names, their order, or what a nested table looks like differ: images must be told which layout they were made with.
bool is_reordered(const model::Layout& stored, const model::Layout& described);

}  // namespace engine::capture
