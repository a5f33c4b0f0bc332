#include "engine/map/nested_table.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdlib>

#include "engine/base/error.h"
#include "engine/map/cells.h"

namespace engine::map {
namespace {

struct NestedTable : sqlite3_vtab {
  FunctionState* state = nullptr;
  std::size_t index = 0;
  bool is_old = false;
};

struct NestedCursor : sqlite3_vtab_cursor {
  const model::RowBatch* rows = nullptr;
  std::size_t at = 0;
};

int connect(sqlite3* connection, void* given, int, const char* const* arguments, sqlite3_vtab** into, char** message) {
  auto* state = static_cast<FunctionState*>(given);
  const auto index = static_cast<std::size_t>(std::atoll(arguments[3]));
  const int code = sqlite3_declare_vtab(connection, declaration(state->nested.at(index).layout()).c_str());
  if (code != SQLITE_OK) {
    *message = sqlite3_mprintf("%s", sqlite3_errmsg(connection));
    return code;
  }
  sqlite3_vtab_config(connection, SQLITE_VTAB_INNOCUOUS);
  auto* table = new NestedTable();
  table->state = state;
  table->index = index;
  table->is_old = std::string_view(arguments[1]) == "old";
  *into = table;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<NestedTable*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info* index) {
  index->estimatedCost = 20;
  index->estimatedRows = 20;
  return SQLITE_OK;
}

int open_cursor(sqlite3_vtab*, sqlite3_vtab_cursor** into) {
  *into = new NestedCursor();
  return SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
  delete static_cast<NestedCursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* given, int, const char*, int, sqlite3_value**) {
  auto* cursor = static_cast<NestedCursor*>(given);
  auto* table = static_cast<NestedTable*>(cursor->pVtab);
  FunctionState& state = *table->state;
  NestedRows& rows = state.nested[table->index];
  try {
    cursor->rows = table->is_old ? &rows.before(state.row.before, state.row.number) : &rows.after(state.row.after, state.row.number);
  } catch (const Error& error) {
    table->zErrMsg = sqlite3_mprintf("%s: %s", rows.name().c_str(), error.what());
    return SQLITE_ERROR;
  }
  cursor->at = 0;
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  ++static_cast<NestedCursor*>(cursor)->at;
  return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* given) {
  const auto* cursor = static_cast<NestedCursor*>(given);
  return cursor->at >= cursor->rows->rows() ? 1 : 0;
}

int read_column(sqlite3_vtab_cursor* given, sqlite3_context* context, int position) {
  const auto* cursor = static_cast<const NestedCursor*>(given);
  const auto* table = static_cast<const NestedTable*>(cursor->pVtab);
  const model::RowView row = cursor->rows->row(cursor->at);
  const auto column = static_cast<std::size_t>(position);
  if (column >= row.size() || row.is_null(column)) return sqlite3_result_null(context), SQLITE_OK;
  give_cell(context, table->state->nested[table->index].layout().columns[column], row.text(column));
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* into) {
  *into = static_cast<sqlite3_int64>(static_cast<NestedCursor*>(cursor)->at);
  return SQLITE_OK;
}

const sqlite3_module& nested_module() {
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

int create_nested_tables(sqlite3* connection, const FunctionState& state) {
  if (state.nested.empty()) return SQLITE_OK;
  int code = sqlite3_create_module_v2(connection, "nested_rows", &nested_module(), const_cast<FunctionState*>(&state), nullptr);
  const auto run = [&](const std::string& sql) {
    if (code == SQLITE_OK) code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
  };
  // `old.lines` is a table of a schema; that `old.fido` is a column stays as it is, since two names are never a schema's column.
  run("ATTACH ':memory:' AS old");
  for (std::size_t index = 0; index < state.nested.size(); ++index) {
    for (const char* schema : {"main", "old"})
      run(fmt::format("CREATE VIRTUAL TABLE {}.\"{}\" USING nested_rows({})", schema, state.nested[index].name(), index));
  }
  return code;
}

}  // namespace engine::map
