// Canonical cells as SQL sees them.
#pragma once

#include <string>
#include <string_view>

#include "engine/model/layout.h"

struct sqlite3_context;

namespace engine::map {

/// A table without row ids: else a mistyped `oid` would quietly read one. Its key is a hidden column of its own, since
/// SQLite takes key columns to be never NULL. Of two names that differ only by case the first counts.
std::string declaration(const model::Layout& layout);

/// In place, without a copy: the cell outlives the statement. Not for NULL.
void give_cell(sqlite3_context* context, const model::Column& column, std::string_view cell);

}  // namespace engine::map
