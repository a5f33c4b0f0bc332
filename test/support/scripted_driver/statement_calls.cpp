// ODBC's functions of statements: what is asked, bound and fetched.
#include "test/support/scripted_driver/handles.h"

namespace scripted {

void Statement::execute() {
  close();
  std::vector<Cell> values;
  for (const auto& [number, buffer] : bound_values) values.push_back(taken_value(buffer));
  if (values.size() < question.bounds.size()) throw Refusal("07002", 0, "a marker has no value");
  if (question.ends_view) connection.end_view();
  const bool begins = question.begins_view || (!connection.autocommit && !connection.view);
  if (begins) connection.view = load_script(connection.path);
  result = answer(*connection.seen(), question, &values);
  described = true;
  open = true;
  next_row = 0;
}

const std::vector<Column>& Statement::columns() {
  if (!described) result = answer(*connection.seen(), question, nullptr);
  described = true;
  return result.columns;
}

namespace {

/// Fills the bound buffers of one row of the array.
bool fill_row(Statement& statement, std::size_t row, std::size_t place) {
  bool whole = true;
  for (const auto& [number, bound] : statement.bound_columns) {
    if (number == 0 || number > statement.result.columns.size()) continue;
    Buffer buffer = bound;
    const Column& column = statement.result.columns[number - 1];
    buffer.data = static_cast<char*>(bound.data) + place * static_cast<std::size_t>(bound.size);
    if (bound.indicator != nullptr) buffer.indicator = bound.indicator + place;
    std::size_t given = 0;
    const Put put = put_cell(column, statement.result.rows[row][number - 1], buffer, given);
    if (put == Put::no_such_type) throw Refusal("07006", 0, "column " + column.name + " cannot be given so");
    whole = whole && put == Put::whole;
  }
  return whole;
}

SQLRETURN fetch(Statement& statement) {
  if (!statement.open) throw Refusal("24000", 0, "Invalid cursor state");
  const std::size_t left = statement.result.rows.size() - statement.next_row;
  const std::size_t count = std::min<std::size_t>(left, statement.array_size);
  bool whole = true;
  for (std::size_t place = 0; place < statement.array_size; ++place) {
    if (place < count) whole = fill_row(statement, statement.next_row + place, place) && whole;
    if (statement.row_states != nullptr) statement.row_states[place] = place < count ? SQL_ROW_SUCCESS : SQL_ROW_NOROW;
  }
  statement.current_row = statement.next_row;
  statement.next_row += count;
  statement.given = {0, 0};
  if (statement.rows_fetched != nullptr) *statement.rows_fetched = count;
  if (count == 0) return SQL_NO_DATA;
  if (whole) return SQL_SUCCESS;
  statement.diagnostics.emplace_back("01004", 0, "String data, right truncated");
  return SQL_SUCCESS_WITH_INFO;
}

SQLRETURN get_cell(Statement& statement, unsigned number, Buffer buffer) {
  if (number == 0 || number > statement.result.columns.size()) throw Refusal("07009", 0, "Invalid descriptor index");
  if (statement.given.first != number) statement.given = {number, 0};
  const Cell& cell = statement.result.rows[statement.current_row][number - 1];
  std::size_t& given = statement.given.second;
  // A value is given once: behind its end there is nothing.
  if (given > 0 && cell && given >= cell->size()) return SQL_NO_DATA;
  const Put put = put_cell(statement.result.columns[number - 1], cell, buffer, given);
  if (put == Put::no_such_type) throw Refusal("07006", 0, "a column cannot be given so");
  if (put == Put::whole) return SQL_SUCCESS;
  statement.diagnostics.emplace_back("01004", 0, "String data, right truncated");
  return SQL_SUCCESS_WITH_INFO;
}

SQLRETURN column_attribute(const Column& column, SQLUSMALLINT which, SQLPOINTER into, SQLSMALLINT room, SQLSMALLINT* size, SQLLEN* number) {
  switch (which) {
    case SQL_DESC_TYPE_NAME: return give_text(column.type, into, room, size);
    case SQL_DESC_NAME:
    case SQL_DESC_LABEL: return give_text(column.name, into, room, size);
    case SQL_DESC_UNSIGNED: *number = SQL_FALSE; return SQL_SUCCESS;
    default: throw Refusal("HYC00", 0, "SQLColAttribute is not asked this");
  }
}

const Column& column_at(Statement& statement, SQLUSMALLINT number) {
  const auto& columns = statement.columns();
  if (number == 0 || number > columns.size()) throw Refusal("07009", 0, "Invalid descriptor index");
  return columns[number - 1U];
}

}  // namespace

}  // namespace scripted

using namespace scripted;

SCRIPTED_CALL SQLPrepare(SQLHSTMT handle, SQLCHAR* sql, SQLINTEGER size) {
  return called(handle, [&] { return as<Statement>(handle).prepare(text_given(sql, size)), SQL_SUCCESS; });
}

SCRIPTED_CALL SQLExecute(SQLHSTMT handle) {
  return called(handle, [&] { return as<Statement>(handle).execute(), SQL_SUCCESS; });
}

SCRIPTED_CALL SQLExecDirect(SQLHSTMT handle, SQLCHAR* sql, SQLINTEGER size) {
  return called(handle, [&] {
    auto& statement = as<Statement>(handle);
    statement.prepare(text_given(sql, size));
    return statement.execute(), SQL_SUCCESS;
  });
}

SCRIPTED_CALL SQLBindParameter(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT, SQLSMALLINT c_type, SQLSMALLINT, SQLULEN, SQLSMALLINT, SQLPOINTER data,
                               SQLLEN size, SQLLEN* indicator) {
  as<Statement>(handle).bound_values[number] = {c_type, data, size, indicator};
  return SQL_SUCCESS;
}

SCRIPTED_CALL SQLBindCol(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT c_type, SQLPOINTER data, SQLLEN size, SQLLEN* indicator) {
  as<Statement>(handle).bound_columns[number] = {c_type, data, size, indicator};
  return SQL_SUCCESS;
}

SCRIPTED_CALL SQLFetch(SQLHSTMT handle) {
  return called(handle, [&] { return fetch(as<Statement>(handle)); });
}

SCRIPTED_CALL SQLGetData(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT c_type, SQLPOINTER data, SQLLEN size, SQLLEN* indicator) {
  return called(handle, [&] { return get_cell(as<Statement>(handle), number, {c_type, data, size, indicator}); });
}

SCRIPTED_CALL SQLNumResultCols(SQLHSTMT handle, SQLSMALLINT* count) {
  return called(handle, [&] { return *count = static_cast<SQLSMALLINT>(as<Statement>(handle).columns().size()), SQL_SUCCESS; });
}

SCRIPTED_CALL SQLDescribeCol(SQLHSTMT handle, SQLUSMALLINT number, SQLCHAR* name, SQLSMALLINT room, SQLSMALLINT* name_size, SQLSMALLINT* code, SQLULEN* size,
                             SQLSMALLINT* scale, SQLSMALLINT* nullable) {
  return called(handle, [&] {
    const Column& column = column_at(as<Statement>(handle), number);
    if (code != nullptr) *code = column.code;
    if (size != nullptr) *size = column.size;
    if (scale != nullptr) *scale = column.scale;
    if (nullable != nullptr) *nullable = column.nullable ? SQL_NULLABLE : SQL_NO_NULLS;
    return give_text(column.name, name, room, name_size);
  });
}

SCRIPTED_CALL SQLColAttribute(SQLHSTMT handle, SQLUSMALLINT number, SQLUSMALLINT which, SQLPOINTER into, SQLSMALLINT room, SQLSMALLINT* size, SQLLEN* value) {
  return called(handle, [&] { return column_attribute(column_at(as<Statement>(handle), number), which, into, room, size, value); });
}

SCRIPTED_CALL SQLRowCount(SQLHSTMT, SQLLEN* count) {
  *count = -1;
  return SQL_SUCCESS;
}

SCRIPTED_CALL SQLFreeStmt(SQLHSTMT handle, SQLUSMALLINT what) {
  auto& statement = as<Statement>(handle);
  if (what == SQL_CLOSE) statement.close();
  if (what == SQL_UNBIND) statement.bound_columns.clear();
  if (what == SQL_RESET_PARAMS) statement.bound_values.clear();
  return SQL_SUCCESS;
}

SCRIPTED_CALL SQLCancel(SQLHSTMT) { return SQL_SUCCESS; }

SCRIPTED_CALL SQLSetStmtAttr(SQLHSTMT handle, SQLINTEGER which, SQLPOINTER value, SQLINTEGER) {
  auto& statement = as<Statement>(handle);
  if (which == SQL_ATTR_ROW_ARRAY_SIZE) statement.array_size = reinterpret_cast<SQLULEN>(value);
  if (which == SQL_ATTR_ROWS_FETCHED_PTR) statement.rows_fetched = static_cast<SQLULEN*>(value);
  if (which == SQL_ATTR_ROW_STATUS_PTR) statement.row_states = static_cast<SQLUSMALLINT*>(value);
  return SQL_SUCCESS;
}

SCRIPTED_CALL SQLGetStmtAttr(SQLHSTMT, SQLINTEGER, SQLPOINTER, SQLINTEGER, SQLINTEGER*) { return SQL_ERROR; }
