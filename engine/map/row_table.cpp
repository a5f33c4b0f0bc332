#include "engine/map/row_table.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "engine/base/error.h"
#include "engine/map/cells.h"
#include "engine/map/nested_table.h"

namespace engine::map {
namespace {

struct RowTable : sqlite3_vtab {
  const FunctionState* state = nullptr;
  bool is_old = false;
};

struct RowCursor : sqlite3_vtab_cursor {
  bool done = false;
};

int connect(sqlite3* connection, void* given, int, const char* const* arguments, sqlite3_vtab** into, char** message) {
  const auto* state = static_cast<const FunctionState*>(given);
  const int code = sqlite3_declare_vtab(connection, declaration(*state->layout).c_str());
  if (code != SQLITE_OK) {
    *message = sqlite3_mprintf("%s", sqlite3_errmsg(connection));
    return code;
  }
  sqlite3_vtab_config(connection, SQLITE_VTAB_INNOCUOUS);
  auto* table = new RowTable();
  table->state = state;
  table->is_old = std::string_view(arguments[2]) == "old";
  *into = table;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<RowTable*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info* index) {
  index->estimatedCost = 1;
  index->estimatedRows = 1;
  index->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
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

int filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
  static_cast<RowCursor*>(cursor)->done = false;
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  static_cast<RowCursor*>(cursor)->done = true;
  return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* cursor) { return static_cast<RowCursor*>(cursor)->done ? 1 : 0; }

int read_column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int position) {
  const auto* table = static_cast<const RowTable*>(cursor->pVtab);
  const auto& row = table->is_old ? table->state->row.before : table->state->row.after;
  const auto column = static_cast<std::size_t>(position);
  if (!row || column >= row->size() || row->is_null(column)) return sqlite3_result_null(context), SQLITE_OK;
  give_cell(context, table->state->layout->columns[column], row->text(column));
  return SQLITE_OK;
}

/// Never called: the tables have no row ids, but SQLite wants the method.
int row_id(sqlite3_vtab_cursor*, sqlite3_int64* into) {
  *into = 1;
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
  int code =
      sqlite3_create_module_v2(connection, "row_image", &row_module(), const_cast<FunctionState*>(&state), nullptr);
  for (const char* sql : {"CREATE VIRTUAL TABLE new USING row_image", "CREATE VIRTUAL TABLE old USING row_image"}) {
    if (code == SQLITE_OK) code = sqlite3_exec(connection, sql, nullptr, nullptr, nullptr);
  }
  if (code == SQLITE_OK) code = create_nested_tables(connection, state);
  if (code != SQLITE_OK) {
    throw Error(ErrorCode::config_invalid,
                fmt::format("the columns cannot be used in expressions: {}", sqlite3_errmsg(connection)));
  }
}

}  // namespace engine::map
