// The row as SQL sees it: two virtual tables of one row, `new` (the after image; on a delete the last one) and `old`
// (the before image, all NULL on an insert), with the declared types of the layout; and of a document its nested tables: `lines` of the after
// image, `old.lines` of the one before.
#pragma once

#include "engine/map/functions/state.h"

struct sqlite3;

namespace engine::map {

/// Creates these tables. They read `state.row` at each step; its cells are handed to SQLite in place, without a copy.
/// Throws Error config_invalid when SQLite refuses the layout (too many columns).
void create_row_tables(sqlite3* connection, const FunctionState& state);

}  // namespace engine::map
