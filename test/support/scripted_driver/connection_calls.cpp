// ODBC's functions of environments and connections.
#include <cstring>

#include "test/support/scripted_driver/handles.h"

namespace scripted {

std::string text_given(const SQLCHAR* text, SQLINTEGER size) {
  if (text == nullptr) return {};
  const auto* chars = reinterpret_cast<const char*>(text);
  return size == SQL_NTS ? std::string(chars) : std::string(chars, static_cast<std::size_t>(size));
}

namespace {

/// The value of a key of a connection string that nobody quotes.
std::string option(const std::string& options, const std::string& key) {
  const std::string all = ";" + upper(options), wanted = ";" + key + "=";
  const std::size_t found = all.find(wanted);
  if (found == std::string::npos) return {};
  const std::size_t start = found + wanted.size() - 1;
  return options.substr(start, options.find(';', start) - start);
}

SQLRETURN info(Connection& connection, SQLUSMALLINT which, SQLPOINTER into, SQLSMALLINT room, SQLSMALLINT* size) {
  const auto number = [&](auto value) {
    std::memcpy(into, &value, sizeof value);
    if (size != nullptr) *size = sizeof value;
    return SQL_SUCCESS;
  };
  switch (which) {
    case SQL_DBMS_NAME: return give_text(connection.seen()->dbms, into, room, size);
    case SQL_DBMS_VER: return give_text(std::string("0"), into, room, size);
    case SQL_DRIVER_NAME: return give_text(std::string("libscripted_driver.so"), into, room, size);
    case SQL_DRIVER_VER: return give_text(std::string("01.00.0000"), into, room, size);
    case SQL_DRIVER_ODBC_VER: return give_text(std::string("03.80"), into, room, size);
    case SQL_CATALOG_NAME: return give_text(std::string("N"), into, room, size);
    case SQL_IDENTIFIER_CASE: return number(static_cast<SQLUSMALLINT>(connection.seen()->upper_names ? SQL_IC_UPPER : SQL_IC_MIXED));
    case SQL_GETDATA_EXTENSIONS: return number(static_cast<SQLUINTEGER>(SQL_GD_BOUND | SQL_GD_ANY_COLUMN | SQL_GD_ANY_ORDER));
    case SQL_CURSOR_COMMIT_BEHAVIOR:
    case SQL_CURSOR_ROLLBACK_BEHAVIOR: return number(static_cast<SQLUSMALLINT>(SQL_CB_CLOSE));
    case SQL_TXN_CAPABLE: return number(static_cast<SQLUSMALLINT>(SQL_TC_DML));
    default: throw Refusal("HYC00", 0, "SQLGetInfo is not asked this");
  }
}

}  // namespace

}  // namespace scripted

using namespace scripted;

SCRIPTED_CALL SQLAllocHandle(SQLSMALLINT kind, SQLHANDLE parent, SQLHANDLE* made) {
  Handle* handle = nullptr;
  if (kind == SQL_HANDLE_ENV) handle = new Environment;
  if (kind == SQL_HANDLE_DBC) handle = new Connection;
  if (kind == SQL_HANDLE_STMT) handle = new Statement(as<Connection>(parent));
  *made = handle;
  return handle == nullptr ? SQL_ERROR : SQL_SUCCESS;
}

SCRIPTED_CALL SQLFreeHandle(SQLSMALLINT, SQLHANDLE handle) {
  delete static_cast<Handle*>(handle);
  return SQL_SUCCESS;
}

SCRIPTED_CALL SQLSetEnvAttr(SQLHENV, SQLINTEGER, SQLPOINTER, SQLINTEGER) { return SQL_SUCCESS; }

SCRIPTED_CALL SQLDriverConnect(SQLHDBC handle, SQLHWND, SQLCHAR* text, SQLSMALLINT size, SQLCHAR*, SQLSMALLINT, SQLSMALLINT* given, SQLUSMALLINT) {
  return called(handle, [&] {
    auto& connection = as<Connection>(handle);
    connection.path = option(text_given(text, size), "SCRIPT");
    load_script(connection.path);
    if (given != nullptr) *given = 0;
    return SQL_SUCCESS;
  });
}

SCRIPTED_CALL SQLDisconnect(SQLHDBC) { return SQL_SUCCESS; }

SCRIPTED_CALL SQLSetConnectAttr(SQLHDBC handle, SQLINTEGER which, SQLPOINTER value, SQLINTEGER) {
  auto& connection = as<Connection>(handle);
  if (which == SQL_ATTR_AUTOCOMMIT) connection.autocommit = reinterpret_cast<SQLULEN>(value) == SQL_AUTOCOMMIT_ON;
  return SQL_SUCCESS;
}

SCRIPTED_CALL SQLGetConnectAttr(SQLHDBC handle, SQLINTEGER which, SQLPOINTER into, SQLINTEGER, SQLINTEGER*) {
  return called(handle, [&]() -> SQLRETURN {
    if (which != SQL_ATTR_CONNECTION_DEAD) throw Refusal("HYC00", 0, "SQLGetConnectAttr is not asked this");
    *static_cast<SQLUINTEGER*>(into) = SQL_CD_FALSE;
    return SQL_SUCCESS;
  });
}

SCRIPTED_CALL SQLGetInfo(SQLHDBC handle, SQLUSMALLINT which, SQLPOINTER into, SQLSMALLINT room, SQLSMALLINT* size) {
  return called(handle, [&] { return info(as<Connection>(handle), which, into, room, size); });
}

SCRIPTED_CALL SQLEndTran(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT) {
  if (kind == SQL_HANDLE_DBC) as<Connection>(handle).end_view();
  return SQL_SUCCESS;
}

SCRIPTED_CALL SQLGetDiagRec(SQLSMALLINT, SQLHANDLE handle, SQLSMALLINT number, SQLCHAR* state, SQLINTEGER* native, SQLCHAR* message, SQLSMALLINT room,
                            SQLSMALLINT* size) {
  const auto& diagnostics = static_cast<Handle*>(handle)->diagnostics;
  if (static_cast<std::size_t>(number) > diagnostics.size()) return SQL_NO_DATA;
  const Refusal& refusal = diagnostics[static_cast<std::size_t>(number) - 1];
  give_text<SQLSMALLINT>(refusal.state, state, 6, nullptr);
  if (native != nullptr) *native = refusal.native;
  return give_text(std::string("[scripted]") + refusal.what(), message, room, size);
}

/// The driver manager takes no diagnostics from a driver without it, and asks for nothing that a record does not say.
SCRIPTED_CALL SQLGetDiagField(SQLSMALLINT, SQLHANDLE, SQLSMALLINT, SQLSMALLINT, SQLPOINTER, SQLSMALLINT, SQLSMALLINT*) { return SQL_NO_DATA; }
