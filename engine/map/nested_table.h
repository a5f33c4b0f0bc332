// The nested tables of a document as SQL sees them: `lines` of the after image, `old.lines` of the one before.
#pragma once

#include "engine/map/functions/state.h"

struct sqlite3;

namespace engine::map {

/// A virtual table for each of `state.nested`, and the same in a schema called `old`. Returns what SQLite says.
int create_nested_tables(sqlite3* connection, const FunctionState& state);

}  // namespace engine::map
