#include "connectors/odbc/session.h"

#include <algorithm>
#include <atomic>
#include <clocale>

#include <fmt/format.h>
#include <malloc.h>
#include <sql.h>
#include <sqlext.h>

#include "engine/base/secret.h"

namespace connectors::odbc {

using engine::settings::DialectDefinition;
using engine::settings::SourceConnection;

namespace {

std::atomic<std::uint64_t> sessions_made{0};

/// Of free memory, for each thread that makes calls.
constexpr int kept_bytes_max = 8 << 20;

/// The process has one environment. unixODBC's own pooling stays off: it hands out connections whose state nobody reset.
Handle environment() {
  static const Handle handle = [] {
    // Drivers convert text by the locale of the process; this one changes nothing but the meaning of bytes.
    std::setlocale(LC_CTYPE, "C.UTF-8");
    // Drivers allocate each cell of a result, for each chunk anew. Given back to the system in between, its pages would cost as much as a fifth of the reading.
    mallopt(M_TRIM_THRESHOLD, kept_bytes_max);
    mallopt(M_MMAP_THRESHOLD, kept_bytes_max / 2);
    SQLSetEnvAttr(SQL_NULL_HANDLE, SQL_ATTR_CONNECTION_POOLING, reinterpret_cast<SQLPOINTER>(SQL_CP_OFF), 0);
    SQLHANDLE made = nullptr;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &made))) {
      throw engine::Error(engine::ErrorCode::environment_missing, "unixODBC cannot be initialised");
    }
    SQLSetEnvAttr(made, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
    return made;
  }();
  return handle;
}

std::int64_t seconds_of(std::int64_t ms) { return std::max<std::int64_t>(1, (ms + 999) / 1000); }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return result;
}

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
}

/// Fills in the time-outs that a dialect's options and statements name.
std::string with_timeouts(std::string text, const SourceConnection& connection) {
  replace_all(text, "{connect_timeout_s}", fmt::to_string(seconds_of(connection.connect_timeout_ms)));
  replace_all(text, "{query_timeout_s}", fmt::to_string(seconds_of(connection.query_timeout_ms)));
  replace_all(text, "{query_timeout_ms}", fmt::to_string(connection.query_timeout_ms));
  // A little longer than the server's own limit, whose error says more.
  replace_all(text, "{read_timeout_s}", fmt::to_string(seconds_of(connection.query_timeout_ms) + 10));
  return text;
}

/// The value of `key` in a connection string: up to the next semicolon, or inside braces. Null pointer: absent.
const char* find_value(const std::string& connection_string, std::string_view key, std::string* value = nullptr) {
  std::size_t at = 0;
  while (at < connection_string.size()) {
    const std::size_t equals = connection_string.find('=', at);
    if (equals == std::string::npos) return nullptr;
    const bool braced = equals + 1 < connection_string.size() && connection_string[equals + 1] == '{';
    const std::size_t close = braced ? connection_string.find('}', equals) : equals;
    const std::size_t end = std::min(connection_string.find(';', std::min(close, connection_string.size())), connection_string.size());
    std::string_view name(connection_string.data() + at, equals - at);
    while (!name.empty() && (name.front() == ' ' || name.front() == ';')) name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (lower(name) == lower(key)) {
      if (value != nullptr) *value = connection_string.substr(equals + 1 + braced, end - equals - 1 - 2 * braced);
      return connection_string.data() + equals;
    }
    at = end + 1;
  }
  return nullptr;
}

void append_options(std::string& text, const std::map<std::string, std::string>& options, const SourceConnection& connection) {
  for (const auto& [key, value] : options) {
    if (find_value(text, key) != nullptr) continue;
    text += fmt::format("{}{}={}", text.empty() || text.back() == ';' ? "" : ";", key, with_timeouts(value, connection));
  }
}

}  // namespace

std::string full_connection_string(const SourceConnection& connection, const DialectDefinition& dialect, SessionUse use) {
  std::string text = connection.odbc.reveal();
  if (use == SessionUse::stream) append_options(text, dialect.stream_options, connection);
  if (use == SessionUse::write || use == SessionUse::log) append_options(text, dialect.write.connect_options, connection);
  append_options(text, dialect.connect_options, connection);
  return text;
}

Session::Session(const SourceConnection& connection, const DialectDefinition& dialect, SessionUse use, std::shared_ptr<engine::SignOfLife> sign)
    : connection_(connection), dialect_(dialect), use_(use), number_(++sessions_made), watchdog_(connection.query_timeout_ms, std::move(sign)) {
  SQLHANDLE handle = nullptr;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, environment(), &handle))) fail(HandleKind::environment, environment(), "connecting");
  handle_ = handle;
  try {
    connect();
    learn_traits();
    const auto& statements = writes() ? dialect.write.session : dialect.session;
    for (const std::string& sql : statements) run(with_timeouts(sql, connection), fmt::format("preparing the session by \"{}\"", sql));
    if (writes()) set_autocommit(false);
  } catch (...) {
    disconnect();
    throw;
  }
}

Session::~Session() { disconnect(); }

/// A driver may refuse to close a connection whose transaction is open (25000): it would stay, and its locks with it.
void Session::disconnect() {
  if (connected_ && writes()) SQLEndTran(SQL_HANDLE_DBC, handle_, SQL_ROLLBACK);
  if (connected_) SQLDisconnect(handle_);
  SQLFreeHandle(SQL_HANDLE_DBC, handle_);
}

std::vector<Diagnostic> Session::diagnostics(HandleKind kind, Handle handle) const {
  return watchdog_.undisturbed([&] { return diagnostics_of(kind, handle); });
}

engine::Error Session::error(HandleKind kind, Handle handle, std::string_view doing) const {
  engine::Error error = error_of(diagnostics(kind, handle), dialect_, connection_.name, doing, role());
  SQLUINTEGER dead = SQL_CD_FALSE;
  const bool known = connected_ && SQL_SUCCEEDED(SQLGetConnectAttr(handle_, SQL_ATTR_CONNECTION_DEAD, &dead, sizeof dead, nullptr));
  if (!known || dead != SQL_CD_TRUE || error.code() == engine::ErrorCode::source_unreachable) return error;
  return engine::Error(engine::ErrorCode::source_unreachable, fmt::format("{} '{}' is lost: {}", role(), connection_.name, error.what()), error.context());
}

void Session::connect() {
  std::string text = full_connection_string(connection_, dialect_, use_);
  for (const char* key : {"PWD", "PASSWORD"}) {
    std::string password;
    if (find_value(text, key, &password) != nullptr) engine::remember_secret(password);
  }
  // Both attributes are refused or ignored by some drivers, which is why their results are not looked at.
  SQLSetConnectAttr(handle_, SQL_ATTR_LOGIN_TIMEOUT, reinterpret_cast<SQLPOINTER>(seconds_of(connection_.connect_timeout_ms)), 0);
  if (!writes()) SQLSetConnectAttr(handle_, SQL_ATTR_ACCESS_MODE, reinterpret_cast<SQLPOINTER>(SQL_MODE_READ_ONLY), 0);
  const SQLRETURN result = SQLDriverConnect(handle_, nullptr, reinterpret_cast<SQLCHAR*>(text.data()), static_cast<SQLSMALLINT>(text.size()),
                                            nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  if (!SQL_SUCCEEDED(result)) fail(HandleKind::connection, handle_, "connecting");
  connected_ = true;
  set_autocommit(true);
}

void Session::set_autocommit(bool on) {
  const auto value = reinterpret_cast<SQLPOINTER>(on ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF);
  if (!SQL_SUCCEEDED(SQLSetConnectAttr(handle_, SQL_ATTR_AUTOCOMMIT, value, 0))) {
    fail(HandleKind::connection, handle_, "switching autocommit");
  }
}

void Session::end_transaction(bool commit) {
  if (SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, handle_, commit ? SQL_COMMIT : SQL_ROLLBACK))) return;
  fail(HandleKind::connection, handle_, commit ? "committing" : "rolling back");
}

void Session::learn_traits() {
  SQLUINTEGER extensions = 0;
  if (SQL_SUCCEEDED(SQLGetInfo(handle_, SQL_GETDATA_EXTENSIONS, &extensions, sizeof extensions, nullptr))) {
    getdata_of_bound_ = (extensions & SQL_GD_BOUND) != 0 && (extensions & SQL_GD_ANY_COLUMN) != 0;
  }
  SQLUSMALLINT name_case = 0;
  if (SQL_SUCCEEDED(SQLGetInfo(handle_, SQL_IDENTIFIER_CASE, &name_case, sizeof name_case, nullptr))) {
    if (name_case == SQL_IC_UPPER) name_case_ = NameCase::upper;
    if (name_case == SQL_IC_LOWER) name_case_ = NameCase::lower;
  }
  SQLCHAR catalogs[4] = {};
  if (SQL_SUCCEEDED(SQLGetInfo(handle_, SQL_CATALOG_NAME, catalogs, sizeof catalogs, nullptr))) supports_catalogs_ = catalogs[0] == 'Y';
}

// All statements of a connection have the same: some drivers tell the server each time it changes.
void set_query_timeout(const Session& session, Handle statement) {
  const auto timeout_s = static_cast<std::uintptr_t>(seconds_of(session.connection().query_timeout_ms));
  SQLSetStmtAttr(statement, SQL_ATTR_QUERY_TIMEOUT, reinterpret_cast<SQLPOINTER>(timeout_s), 0);
}

void Session::run(const std::string& sql, std::string_view doing) {
  SQLHANDLE made = nullptr;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, handle_, &made))) fail(HandleKind::connection, handle_, doing);
  const std::unique_ptr<void, void (*)(void*)> statement(made, [](void* handle) { SQLFreeHandle(SQL_HANDLE_STMT, handle); });
  set_query_timeout(*this, made);
  SQLSetStmtAttr(made, SQL_ATTR_NOSCAN, reinterpret_cast<SQLPOINTER>(SQL_NOSCAN_ON), 0);
  const Watched now(watchdog_, made);
  const SQLRETURN result = SQLExecDirect(made, reinterpret_cast<SQLCHAR*>(const_cast<char*>(sql.data())), static_cast<SQLINTEGER>(sql.size()));
  if ((!SQL_SUCCEEDED(result) && result != SQL_NO_DATA) || watchdog_.cancelled()) fail_watched(made, doing);
}

void Session::fail_watched(Handle statement, std::string_view doing) {
  engine::Error failed = error(HandleKind::statement, statement, doing);
  if (!watchdog_.cancelled()) throw failed;
  throw engine::Error(engine::ErrorCode::source_busy,
                      fmt::format("{} '{}' took longer than {} ms while {}: cancelled", role(), connection_.name, connection_.query_timeout_ms, doing),
                      failed.context(), "raise the connection's query_timeout, or give the key an index");
}

}  // namespace connectors::odbc
