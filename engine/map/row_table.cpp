#include "engine/map/row_table.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdlib>
#include <optional>

#include "engine/base/error.h"
#include "engine/map/cells.h"

namespace engine::map {
namespace {

/// `new` and `old`, of at most one row, or a table nested in either.
struct RowTable : sqlite3_vtab {
  FunctionState* state = nullptr;
  std::optional<std::size_t> nested;  ///< its place among the nested tables
  bool is_old = false;

  const std::optional<model::RowView>& row() const { return is_old ? state->row.before : state->row.after; }
  const model::Layout& layout() const { return nested ? state->nested[*nested].layout() : *state->layout; }
};

struct RowCursor : sqlite3_vtab_cursor {
  const model::RowBatch* rows = nullptr;  ///< of a nested table
  std::size_t at = 0;
  std::size_t count = 0;
};

/// `new` and `old` by the names of their modules, or CREATE VIRTUAL TABLE [SCHEMA.]TABLE USING row_image(place of the nested table)
int connect(sqlite3* connection, void* given, int count, const char* const* arguments, sqlite3_vtab** into, char** message) {
  auto table = std::make_unique<RowTable>();
  table->state = static_cast<FunctionState*>(given);
  if (count > 3) table->nested = static_cast<std::size_t>(std::atoll(arguments[3]));
  table->is_old = std::string_view(arguments[table->nested ? 1 : 2]) == "old";
  const int code = sqlite3_declare_vtab(connection, declaration(table->layout()).c_str());
  if (code != SQLITE_OK) {
    *message = sqlite3_mprintf("%s", sqlite3_errmsg(connection));
    return code;
  }
  sqlite3_vtab_config(connection, SQLITE_VTAB_INNOCUOUS);
  *into = table.release();
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<RowTable*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab* given, sqlite3_index_info* index) {
  const bool is_nested = static_cast<RowTable*>(given)->nested.has_value();
  index->estimatedCost = is_nested ? 20 : 1;
  index->estimatedRows = is_nested ? 20 : 1;
  if (!is_nested) index->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
  return SQLITE_OK;
}

int open_cursor(sqlite3_vtab*, sqlite3_vtab_cursor** into) {
  *into = new RowCursor();
  return SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
  delete static_cast<RowCursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* given, int, const char*, int, sqlite3_value**) {
  auto* cursor = static_cast<RowCursor*>(given);
  auto* table = static_cast<RowTable*>(cursor->pVtab);
  cursor->at = 0;
  // A row that is not there is one of NULLs: `old.fido` of an insert.
  cursor->count = 1;
  if (!table->nested) return SQLITE_OK;
  FunctionState& state = *table->state;
  NestedRows& rows = state.nested[*table->nested];
  try {
    cursor->rows = table->is_old ? &rows.before(state.row.before, state.row.number) : &rows.after(state.row.after, state.row.number);
  } catch (const Error& error) {
    table->zErrMsg = sqlite3_mprintf("%s: %s", rows.name().c_str(), error.what());
    return SQLITE_ERROR;
  }
  cursor->count = cursor->rows->rows();
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  ++static_cast<RowCursor*>(cursor)->at;
  return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* given) {
  const auto* cursor = static_cast<RowCursor*>(given);
  return cursor->at >= cursor->count ? 1 : 0;
}

int read_column(sqlite3_vtab_cursor* given, sqlite3_context* context, int position) {
  const auto* cursor = static_cast<const RowCursor*>(given);
  const auto* table = static_cast<const RowTable*>(cursor->pVtab);
  const std::optional<model::RowView> row = table->nested ? cursor->rows->row(cursor->at) : table->row();
  const auto column = static_cast<std::size_t>(position);
  if (!row || column >= row->size() || row->is_null(column)) return sqlite3_result_null(context), SQLITE_OK;
  give_cell(context, table->layout().columns[column], row->text(column));
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* into) {
  *into = static_cast<sqlite3_int64>(static_cast<RowCursor*>(cursor)->at);
  return SQLITE_OK;
}

const sqlite3_module& row_module() {
  static const sqlite3_module module = [] {
    sqlite3_module methods{};
    methods.iVersion = 1;
    methods.xCreate = connect;
    methods.xConnect = connect;
    methods.xBestIndex = best_index;
    methods.xDisconnect = disconnect;
    methods.xDestroy = disconnect;
    methods.xOpen = open_cursor;
    methods.xClose = close_cursor;
    methods.xFilter = filter;
    methods.xNext = next;
    methods.xEof = at_end;
    methods.xColumn = read_column;
    methods.xRowid = row_id;
    return methods;
  }();
  return module;
}

}  // namespace

void create_row_tables(sqlite3* connection, const FunctionState& state) {
  int code = SQLITE_OK;
  // A table that bears its module's name needs no CREATE, which took half of the time that a mapper takes to be made.
  for (const char* module : {"new", "old", "row_image"}) {
    if (code == SQLITE_OK) code = sqlite3_create_module_v2(connection, module, &row_module(), const_cast<FunctionState*>(&state), nullptr);
  }
  const auto run = [&](const std::string& sql) {
    if (code == SQLITE_OK) code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
  };
  // Connected now: later the authorizer refuses what declares them.
  run("SELECT 1 FROM new, old");
  // `old.lines` is a table of a schema; that `old.fido` is a column stays as it is, since two names are never a schema's column.
  if (!state.nested.empty()) run("ATTACH ':memory:' AS old");
  for (std::size_t index = 0; index < state.nested.size(); ++index) {
    for (const char* schema : {"main", "old"}) run(fmt::format("CREATE VIRTUAL TABLE {}.\"{}\" USING row_image({})", schema, state.nested[index].name(), index));
  }
  if (code != SQLITE_OK) {
    throw Error(ErrorCode::config_invalid,
                fmt::format("the columns cannot be used in expressions: {}", sqlite3_errmsg(connection)));
  }
}

}  // namespace engine::map
