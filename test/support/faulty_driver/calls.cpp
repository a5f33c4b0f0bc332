// The functions that the driver manager looks for. Each goes to the real driver, and some of them not always.
#include <dlfcn.h>
#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "test/support/faulty_driver/fault_plan.h"

using faulty_driver::FaultPlan;

namespace {

void* real_function(const char* name) {
  static void* const library = dlopen(FaultPlan::get().real_driver().c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const function = library == nullptr ? nullptr : dlsym(library, name);
  if (function == nullptr) std::abort();
  return function;
}

/// What the driver made of a row is turned into something else.
void corrupt(SQLHANDLE handle, const std::string& fault) {
  const faulty_driver::Statement statement = FaultPlan::get().of(handle);
  if (statement.rows_fetched != nullptr && (fault == "none" || fault == "never_any")) *statement.rows_fetched = 0;
  if (statement.rows_fetched != nullptr && fault == "too_many") *statement.rows_fetched = 1'000'000;
  for (const auto& [number, column] : statement.columns) {
    if (fault == "garbage") std::memset(column.buffer, 0xFF, static_cast<std::size_t>(column.width));
    if (column.indicator == nullptr) continue;
    if (fault == "null") *column.indicator = SQL_NULL_DATA;
    if (fault == "longer") *column.indicator = column.width + 1'000'000;
    if (fault == "senseless") *column.indicator = -77;
  }
}

bool is_state(const std::string& fault) {
  return fault.size() >= 5 && std::all_of(fault.begin(), fault.begin() + 5, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

template <typename Fetch>
SQLRETURN fetch(SQLHSTMT statement, const Fetch& real) {
  const auto fault = FaultPlan::get().due("fetch", statement);
  if (!fault) return real();
  if (is_state(*fault) || *fault == "deaf") return FaultPlan::get().fail(statement, *fault);
  if (*fault == "end") return SQL_NO_DATA;
  if (*fault == "hang") {
    FaultPlan::get().hang(statement);
    return FaultPlan::get().fail(statement, "HY008");
  }
  const SQLRETURN result = real();
  if (SQL_SUCCEEDED(result)) corrupt(statement, *fault);
  return result;
}

void copy_text(std::string_view text, SQLCHAR* into, SQLSMALLINT room) {
  if (into == nullptr || room <= 0) return;
  const std::size_t size = std::min(text.size(), static_cast<std::size_t>(room - 1));
  std::memcpy(into, text.data(), size);
  into[size] = 0;
}

SQLRETURN tell(const faulty_driver::Diagnosis& diagnosis, SQLCHAR* state, SQLINTEGER* native, SQLCHAR* text, SQLSMALLINT room, SQLSMALLINT* length) {
  constexpr std::string_view words = "as it was ordered";
  copy_text(diagnosis.state, state, 6);
  copy_text(words, text, room);
  if (native != nullptr) *native = diagnosis.native;
  if (length != nullptr) *length = static_cast<SQLSMALLINT>(words.size());
  return SQL_SUCCESS;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

#define CALL(name, ...) ([&] { static const auto real = reinterpret_cast<decltype(&::name)>(real_function(#name)); return real(__VA_ARGS__); }())

/// Passes on.
#define PASS(name, parameters, ...) \
  SQLRETURN SQL_API name parameters { return CALL(name, __VA_ARGS__); }
/// Passes on, unless it is its turn to fail. The first parameter is the handle.
#define PASS_OR_FAIL(name, kind, handle, parameters, ...)                                           \
  SQLRETURN SQL_API name parameters {                                                               \
    const auto fault = FaultPlan::get().due(kind, handle);                                          \
    if (fault && *fault != "late") return FaultPlan::get().fail(handle, *fault);                    \
    if (fault) FaultPlan::get().hear_nothing();                                                     \
    return CALL(name, __VA_ARGS__);                                                                 \
  }

PASS_OR_FAIL(SQLDriverConnect, "connect", c,
             (SQLHDBC c, SQLHWND w, SQLCHAR* in, SQLSMALLINT size, SQLCHAR* out, SQLSMALLINT room, SQLSMALLINT* length, SQLUSMALLINT how), c, w, in, size, out, room,
             length, how)
PASS_OR_FAIL(SQLPrepare, "prepare", s, (SQLHSTMT s, SQLCHAR* text, SQLINTEGER size), s, text, size)
PASS_OR_FAIL(SQLExecute, "execute", s, (SQLHSTMT s), s)
PASS_OR_FAIL(SQLExecDirect, "execute", s, (SQLHSTMT s, SQLCHAR* text, SQLINTEGER size), s, text, size)
PASS_OR_FAIL(SQLNumResultCols, "describe", s, (SQLHSTMT s, SQLSMALLINT* count), s, count)
PASS_OR_FAIL(SQLDescribeCol, "describe", s,
             (SQLHSTMT s, SQLUSMALLINT column, SQLCHAR* name, SQLSMALLINT room, SQLSMALLINT* length, SQLSMALLINT* type, SQLULEN* size, SQLSMALLINT* digits,
              SQLSMALLINT* nullable),
             s, column, name, room, length, type, size, digits, nullable)
PASS_OR_FAIL(SQLColAttribute, "describe", s,
             (SQLHSTMT s, SQLUSMALLINT column, SQLUSMALLINT field, SQLPOINTER text, SQLSMALLINT room, SQLSMALLINT* length, SQLLEN* number), s, column, field, text, room,
             length, number)
PASS_OR_FAIL(SQLPrimaryKeys, "describe", s,
             (SQLHSTMT s, SQLCHAR* a, SQLSMALLINT an, SQLCHAR* b, SQLSMALLINT bn, SQLCHAR* t, SQLSMALLINT tn), s, a, an, b, bn, t, tn)
PASS_OR_FAIL(SQLStatistics, "describe", s,
             (SQLHSTMT s, SQLCHAR* a, SQLSMALLINT an, SQLCHAR* b, SQLSMALLINT bn, SQLCHAR* t, SQLSMALLINT tn, SQLUSMALLINT unique, SQLUSMALLINT how), s, a, an, b, bn, t,
             tn, unique, how)
PASS_OR_FAIL(SQLGetData, "data", s, (SQLHSTMT s, SQLUSMALLINT column, SQLSMALLINT type, SQLPOINTER value, SQLLEN room, SQLLEN* length), s, column, type, value, room,
             length)
PASS_OR_FAIL(SQLFreeStmt, "close", s, (SQLHSTMT s, SQLUSMALLINT how), s, how)
PASS_OR_FAIL(SQLCloseCursor, "close", s, (SQLHSTMT s), s)

SQLRETURN SQL_API SQLFetch(SQLHSTMT s) {
  return fetch(s, [&] { return CALL(SQLFetch, s); });
}
SQLRETURN SQL_API SQLFetchScroll(SQLHSTMT s, SQLSMALLINT how, SQLLEN offset) {
  return fetch(s, [&] { return CALL(SQLFetchScroll, s, how, offset); });
}

SQLRETURN SQL_API SQLCancel(SQLHSTMT s) {
  FaultPlan::get().cancel(s);
  return CALL(SQLCancel, s);
}

SQLRETURN SQL_API SQLAllocHandle(SQLSMALLINT kind, SQLHANDLE parent, SQLHANDLE* made) {
  const SQLRETURN result = CALL(SQLAllocHandle, kind, parent, made);
  if (kind == SQL_HANDLE_STMT && SQL_SUCCEEDED(result)) FaultPlan::get().made(*made, parent);
  return result;
}
SQLRETURN SQL_API SQLFreeHandle(SQLSMALLINT kind, SQLHANDLE handle) {
  FaultPlan::get().freed(handle);
  return CALL(SQLFreeHandle, kind, handle);
}

SQLRETURN SQL_API SQLBindCol(SQLHSTMT s, SQLUSMALLINT column, SQLSMALLINT type, SQLPOINTER buffer, SQLLEN width, SQLLEN* indicator) {
  FaultPlan::get().bound(s, column, {buffer, width, indicator});
  return CALL(SQLBindCol, s, column, type, buffer, width, indicator);
}
SQLRETURN SQL_API SQLSetStmtAttr(SQLHSTMT s, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER size) {
  if (attribute == SQL_ATTR_ROWS_FETCHED_PTR) FaultPlan::get().counts_rows_in(s, static_cast<SQLULEN*>(value));
  return CALL(SQLSetStmtAttr, s, attribute, value, size);
}

SQLRETURN SQL_API SQLGetDiagRec(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT record, SQLCHAR* state, SQLINTEGER* native, SQLCHAR* text, SQLSMALLINT room,
                                SQLSMALLINT* length) {
  const auto diagnosis = FaultPlan::get().diagnosis(handle);
  if (!diagnosis) return CALL(SQLGetDiagRec, kind, handle, record, state, native, text, room, length);
  return record == 1 ? tell(*diagnosis, state, native, text, room, length) : SQL_NO_DATA;
}
/// The driver manager asks statements so, and each diagnosis can be had once.
SQLRETURN SQL_API SQLError(SQLHENV e, SQLHDBC c, SQLHSTMT s, SQLCHAR* state, SQLINTEGER* native, SQLCHAR* text, SQLSMALLINT room, SQLSMALLINT* length) {
  const SQLHANDLE handle = s != nullptr ? s : c != nullptr ? c : e;
  const auto diagnosis = FaultPlan::get().diagnosis(handle);
  if (!diagnosis) return CALL(SQLError, e, c, s, state, native, text, room, length);
  if (FaultPlan::get().tell_once(handle)) return SQL_NO_DATA;
  return tell(*diagnosis, state, native, text, room, length);
}
SQLRETURN SQL_API SQLGetDiagField(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT record, SQLSMALLINT field, SQLPOINTER value, SQLSMALLINT room,
                                  SQLSMALLINT* length) {
  if (FaultPlan::get().diagnosis(handle)) return SQL_NO_DATA;
  return CALL(SQLGetDiagField, kind, handle, record, field, value, room, length);
}

// As the standard has it, and strict drivers.
SQLRETURN SQL_API SQLDisconnect(SQLHDBC c) {
  return FaultPlan::get().is_in_transaction(c) ? FaultPlan::get().fail(c, "25000") : CALL(SQLDisconnect, c);
}
PASS(SQLSetEnvAttr, (SQLHENV e, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER size), e, attribute, value, size)
SQLRETURN SQL_API SQLSetConnectAttr(SQLHDBC c, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER size) {
  if (attribute == SQL_ATTR_AUTOCOMMIT) FaultPlan::get().commits_by_itself(c, value == reinterpret_cast<SQLPOINTER>(SQL_AUTOCOMMIT_ON));
  return CALL(SQLSetConnectAttr, c, attribute, value, size);
}
PASS(SQLGetConnectAttr, (SQLHDBC c, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER room, SQLINTEGER* length), c, attribute, value, room, length)
PASS(SQLGetInfo, (SQLHDBC c, SQLUSMALLINT what, SQLPOINTER value, SQLSMALLINT room, SQLSMALLINT* length), c, what, value, room, length)
PASS(SQLGetFunctions, (SQLHDBC c, SQLUSMALLINT function, SQLUSMALLINT* supported), c, function, supported)
PASS(SQLGetStmtAttr, (SQLHSTMT s, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER room, SQLINTEGER* length), s, attribute, value, room, length)
PASS(SQLBindParameter,
     (SQLHSTMT s, SQLUSMALLINT number, SQLSMALLINT how, SQLSMALLINT c_type, SQLSMALLINT sql_type, SQLULEN size, SQLSMALLINT digits, SQLPOINTER value, SQLLEN room,
      SQLLEN* indicator),
     s, number, how, c_type, sql_type, size, digits, value, room, indicator)
PASS(SQLRowCount, (SQLHSTMT s, SQLLEN* count), s, count)
PASS(SQLMoreResults, (SQLHSTMT s), s)
PASS(SQLSetPos, (SQLHSTMT s, SQLSETPOSIROW row, SQLUSMALLINT what, SQLUSMALLINT lock), s, row, what, lock)
SQLRETURN SQL_API SQLEndTran(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT how) {
  const auto fault = how == SQL_COMMIT ? FaultPlan::get().due("commit", handle) : std::nullopt;
  if (fault && *fault != "late") return FaultPlan::get().fail(handle, *fault);
  if (fault) FaultPlan::get().hear_nothing();
  FaultPlan::get().ended(handle);
  return CALL(SQLEndTran, kind, handle, how);
}
PASS(SQLTables,
     (SQLHSTMT s, SQLCHAR* a, SQLSMALLINT an, SQLCHAR* b, SQLSMALLINT bn, SQLCHAR* t, SQLSMALLINT tn, SQLCHAR* kind, SQLSMALLINT kn), s, a, an, b, bn, t, tn, kind, kn)
}
#pragma GCC visibility pop
