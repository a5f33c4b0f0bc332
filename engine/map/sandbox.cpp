#include "engine/map/sandbox.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <mutex>

#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/map/check/lexer.h"
#include "engine/map/functions/catalog.h"
#include "engine/map/row_table.h"

namespace engine::map {
namespace {

constexpr int steps_between_checks = 1000;
constexpr const char* clockless = "datapicker_map";

thread_local bool clock_was_asked = false;

int refuse_time(sqlite3_vfs*, sqlite3_int64*) {
  clock_was_asked = true;
  return SQLITE_ERROR;
}

int refuse_time_as_double(sqlite3_vfs*, double*) {
  clock_was_asked = true;
  return SQLITE_ERROR;
}

/// SQLite reads the clock through its file layer, so a file layer without a clock refuses 'now' wherever it comes from,
/// a column's value included.
void register_clockless_files() {
  static std::once_flag once;
  std::call_once(once, [] {
    static sqlite3_vfs files = *sqlite3_vfs_find(nullptr);
    files.zName = clockless;
    files.pNext = nullptr;
    files.xCurrentTime = refuse_time_as_double;
    files.xCurrentTimeInt64 = refuse_time;
    sqlite3_vfs_register(&files, 0);
  });
}

}  // namespace

void ConnectionCloser::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
void StatementCloser::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Sandbox::Sandbox(FunctionState& state, const Limits& limits) : limits_(limits), state_(state) {
  sqlite3_initialize();
  register_clockless_files();
  sqlite3* connection = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(":memory:", &connection, flags, clockless);
  connection_.reset(connection);
  if (code != SQLITE_OK) throw Error(ErrorCode::config_invalid, "no SQLite for the mapping: out of memory");
  register_functions(connection, state);
  configure(state);
}

void Sandbox::configure(const FunctionState& state) {
  sqlite3* const connection = connection_.get();
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  create_row_tables(connection, state);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // A cell may be longer than a result may be, say for substr(note, 1, 100).
  const std::size_t length = std::min<std::size_t>(limits_.value_bytes_max * 16, 1'000'000'000);
  sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, static_cast<int>(length));
  sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(connection, SQLITE_LIMIT_COMPOUND_SELECT, 10);
  sqlite3_limit(connection, SQLITE_LIMIT_VDBE_OP, 1'000'000);
  sqlite3_limit(connection, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 10'000);
  sqlite3_limit(connection, SQLITE_LIMIT_VARIABLE_NUMBER, 1);
  sqlite3_limit(connection, SQLITE_LIMIT_TRIGGER_DEPTH, 1);
  sqlite3_limit(connection, SQLITE_LIMIT_WORKER_THREADS, 0);
  sqlite3_set_authorizer(connection, authorize, this);
  sqlite3_progress_handler(connection, steps_between_checks, progress, this);
}

void Sandbox::add_receiver(const char* name, Receiver receiver, void* user) {
  receivers_.emplace_back(name);
  sqlite3_create_function_v2(connection_.get(), name, -1, SQLITE_UTF8, user, receiver, nullptr, nullptr, nullptr);
}

int Sandbox::authorize(void* self, int action, const char* first, const char* second, const char*, const char*) {
  auto& sandbox = *static_cast<Sandbox*>(self);
  switch (action) {
    case SQLITE_SELECT:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return sandbox.allow_function(second);
    case SQLITE_READ:
      return sandbox.allow_reading(first == nullptr ? "" : first, second == nullptr ? "" : second);
    default:
      return SQLITE_DENY;
  }
}

int Sandbox::allow_reading(std::string_view table, std::string_view column) {
  if (table == "new" || table == "old") return columns_read_.insert(lower_case(column)), SQLITE_OK;
  const auto is_it = [&](const NestedRows& nested) { return nested.name() == table; };
  if (std::none_of(state_.nested.begin(), state_.nested.end(), is_it)) return SQLITE_DENY;
  columns_read_.insert(lower_case(table) + "." + lower_case(column));
  return SQLITE_OK;
}

int Sandbox::allow_function(const char* name) {
  const FunctionEntry* function = find_function(name);
  // One row is nothing to add up.
  const bool lacks_rows = function != nullptr && function->over_rows && state_.nested.empty();
  if (function != nullptr && !lacks_rows) return SQLITE_OK;
  if (trusted_ && std::find(receivers_.begin(), receivers_.end(), name) != receivers_.end()) return SQLITE_OK;
  denied_ = name;
  return SQLITE_DENY;
}

Sandbox::Prepared Sandbox::prepare(std::string_view sql, bool trusted) {
  trusted_ = trusted;
  denied_.clear();
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  Prepared prepared{.statement = Statement(statement), .denied = denied_};
  if (code != SQLITE_OK) {
    prepared.message = sqlite3_errmsg(connection_.get());
    prepared.offset = sqlite3_error_offset(connection_.get());
  }
  return prepared;
}

int Sandbox::progress(void* self) {
  auto& sandbox = *static_cast<Sandbox*>(self);
  sandbox.steps_ += steps_between_checks;
  return sandbox.steps_ > sandbox.limits_.steps_max ? 1 : 0;
}

std::string Sandbox::run(const Statement& statement) {
  steps_ = 0;
  clock_was_asked = false;
  int code = sqlite3_step(statement.get());
  while (code == SQLITE_ROW) code = sqlite3_step(statement.get());
  std::string failure;
  if (code == SQLITE_INTERRUPT) {
    failure = fmt::format("it takes more than {} steps", limits_.steps_max);
  } else if (code != SQLITE_DONE) {
    failure = sqlite3_errmsg(connection_.get());
  } else if (clock_was_asked) {
    failure = "'now' is refused: a mapping's time is the change's (use change_time())";
  }
  sqlite3_reset(statement.get());
  return failure;
}

}  // namespace engine::map
