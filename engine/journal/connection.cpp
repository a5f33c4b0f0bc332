#include "engine/journal/connection.h"

#include <sqlite3.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/error.h"

namespace engine::journal {
namespace {

// Reads go through a mapping of the file, which the kernel can drop, so the caches hold little more than pages that are
// still in the WAL: what stays is far below the daemon's limit of anonymous memory.
constexpr const char* writer_setup =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -8192; PRAGMA mmap_size = 1073741824;"
    "PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 0;";
constexpr const char* reader_setup = "PRAGMA query_only = 1; PRAGMA cache_size = -2048; PRAGMA mmap_size = 1073741824;";

// A person's sqlite3 shell may hold the write lock for a while; a reader waits only for a recovery.
constexpr int writer_wait_ms = 30'000;
constexpr int reader_wait_ms = 5'000;
constexpr int checkpoint_wait_ms = 250;

// SQLite counts its memory under one mutex of the process, which the writer, the readers and each mapping would take for every allocation; nobody asks for
// the count. A connection that an ODBC driver opens would take its own mutex for every cell; each is used by one thread at a time, and interrupting one needs
// none. Before main: it must be said before anybody's first use of SQLite.
[[maybe_unused]] const bool is_configured = [] {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
  return true;
}();

bool is_full(int extended, int system_errno) {
  // Not IOERR_SHMSIZE: it strikes after the commit's frames are in the WAL, so that "nothing was kept" would be untrue.
  return extended == SQLITE_FULL ||
         (extended == SQLITE_IOERR_WRITE && (system_errno == ENOSPC || system_errno == EDQUOT));
}

std::string hint_for(int result) {
  switch (result) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "Keep the file for examination and put back the last backup, or try `sqlite3 OLD .recover | sqlite3 NEW`.";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "Look at the owner and the permissions of the file and of its folder.";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "Another program holds the journal open for writing: look for an sqlite3 shell with an open transaction.";
    case SQLITE_IOERR:
      return "Look for errors of the disk in the kernel's log.";
    default:
      return {};
  }
}

Error error_of(sqlite3* database, int result, const std::string& path) {
  const int extended = database != nullptr ? sqlite3_extended_errcode(database) : result;
  const int system_errno = database != nullptr ? sqlite3_system_errno(database) : 0;
  const std::string reason = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(result);
  Error::Context context{{"journal", path}, {"sqlite_code", std::to_string(extended)}};
  if (is_full(extended, system_errno)) {
    return Error(ErrorCode::journal_full, fmt::format("the disk of the journal {} is full", path), context,
                 "Make space on that disk: capture and sending go on by themselves.");
  }
  std::string text = fmt::format("the journal {} failed: {}", path, reason);
  if ((extended & 0xff) == SQLITE_IOERR && system_errno != 0) text += fmt::format(" ({})", std::strerror(system_errno));
  return Error(ErrorCode::journal_failed, text, context, hint_for(extended & 0xff));
}

/// A path as SQLite's URI, in which '?', '#' and '%' have a meaning.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      uri += fmt::format("%{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      uri += c;
    }
  }
  return uri;
}

}  // namespace

Statement::~Statement() { sqlite3_reset(statement_); }

Statement& Statement::bind(int position, std::int64_t value) {
  sqlite3_bind_int64(statement_, position, value);
  return *this;
}

Statement& Statement::bind(int position, std::string_view text) {
  // A null pointer would bind NULL, and an empty view may have one.
  const char* bytes = text.data() != nullptr ? text.data() : "";
  sqlite3_bind_text64(statement_, position, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int position, std::string_view bytes) {
  const char* start = bytes.data() != nullptr ? bytes.data() : "";
  sqlite3_bind_blob64(statement_, position, start, bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null(int position) {
  sqlite3_bind_null(statement_, position);
  return *this;
}

Statement& Statement::bind(int position, const std::optional<std::string>& text) {
  return text ? bind(position, std::string_view(*text)) : bind_null(position);
}

Statement& Statement::bind(int position, const std::optional<std::int64_t>& value) {
  return value ? bind(position, *value) : bind_null(position);
}

bool Statement::step() {
  connection_.refuse_after_failure();
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  connection_.fail(result);
}

void Statement::run() {
  while (step()) {
  }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::optional<std::string> Statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return std::string(text(column));
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

Connection::Connection(const std::string& path, Mode mode, const std::string& vfs) : path_(path) {
  const std::string name = uri_of(path) + (mode == Mode::unchanging ? "?immutable=1" : "");
  const int access = mode == Mode::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int result = sqlite3_open_v2(name.c_str(), &database_, access | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                                     vfs.empty() ? nullptr : vfs.c_str());
  try {
    if (result != SQLITE_OK) fail(result);
    configure(mode);
  } catch (...) {
    close();
    throw;
  }
}

void Connection::configure(Mode mode) {
  sqlite3_extended_result_codes(database_, 1);
  sqlite3_busy_timeout(database_, mode == Mode::read_write ? writer_wait_ms : reader_wait_ms);
  // A misspelt column in double quotes must be an error, not a text.
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  execute(mode == Mode::read_write ? writer_setup : reader_setup);
  if (mode != Mode::read_write) return;
  sqlite3_wal_hook(
      database_,
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      &wal_pages_);
  Statement journal_mode = prepare("PRAGMA journal_mode");
  if (!journal_mode.step() || journal_mode.text(0) != "wal") {
    throw Error(ErrorCode::journal_failed, fmt::format("the journal {} cannot use write-ahead logging", path_),
                {{"journal", path_}}, "Put the journal on a local disk: network file systems lack what it needs.");
  }
}

void Connection::close() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  statements_.clear();
  sqlite3_close_v2(database_);
  database_ = nullptr;
}

Connection::~Connection() { close(); }

Statement Connection::prepare(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    refuse_after_failure();
    const int result = sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (result != SQLITE_OK) fail(result);
  }
  // A statement that is still under way belongs to a caller further up: two users of one would mix their rows.
  ENGINE_ASSERT(sqlite3_stmt_busy(statement) == 0);
  sqlite3_clear_bindings(statement);
  return Statement(statement, *this);
}

sqlite3_stmt* Connection::prepare_own(std::string_view sql) {
  refuse_after_failure();
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
  if (result != SQLITE_OK) fail(result);
  return statement;
}

void Connection::execute(const std::string& sql) {
  refuse_after_failure();
  const int result = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(result);
}

std::int64_t Connection::last_row_id() const { return sqlite3_last_insert_rowid(database_); }

std::int64_t Connection::changes() const { return sqlite3_changes64(database_); }

bool Connection::checkpoint(bool wait) { return checkpoint_as(wait ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE); }

bool Connection::truncate_wal() { return checkpoint_as(SQLITE_CHECKPOINT_TRUNCATE); }

bool Connection::checkpoint_as(int mode) {
  sqlite3_busy_timeout(database_, checkpoint_wait_ms);
  const int result = sqlite3_wal_checkpoint_v2(database_, nullptr, mode, nullptr, nullptr);
  sqlite3_busy_timeout(database_, writer_wait_ms);
  if (result == SQLITE_OK) return true;
  const int primary = result & 0xff;
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED || is_full(sqlite3_extended_errcode(database_), sqlite3_system_errno(database_))) return false;
  fail(result);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

void Connection::fail(int result) {
  failure_ = std::make_exception_ptr(error_of(database_, result, path_));
  std::rethrow_exception(failure_);
}

void Connection::settle() {
  for (sqlite3_stmt* each = sqlite3_next_stmt(database_, nullptr); each != nullptr;
       each = sqlite3_next_stmt(database_, each)) {
    sqlite3_reset(each);
  }
  failure_ = nullptr;
  if (in_transaction()) execute("ROLLBACK");
}

std::size_t place_of(std::string_view name, std::span<const std::string_view> names, std::string_view what) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) throw Error(ErrorCode::journal_failed, fmt::format("the journal holds {} '{}', which is not known", what, name));
  return static_cast<std::size_t>(at - names.begin());
}

}  // namespace engine::journal
