#include "connectors/odbc/prepared_read.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using engine::model::ColumnType;

static_assert(sizeof(SQLLEN) == sizeof(std::int64_t) && sizeof(SQLULEN) == sizeof(std::uint64_t));
static_assert(sizeof(SQL_DATE_STRUCT) == 6 && sizeof(SQL_TIMESTAMP_STRUCT) == 16);

namespace {

/// A longer value is no column of an ERP's row; reading it would only fill the memory.
constexpr std::size_t cell_bytes_max = 256'000'000;
constexpr std::size_t cut_cells_for_wider_buffer = 10;

SQLSMALLINT c_type_of(Wire wire) {
  switch (wire) {
    case Wire::text: return SQL_C_CHAR;
    case Wire::binary: return SQL_C_BINARY;
    case Wire::real8: return SQL_C_DOUBLE;
    // MariaDB's driver fills an array of SQL_C_FLOAT wrongly from the second row on.
    case Wire::real4: return SQL_C_DOUBLE;
    case Wire::date: return SQL_C_TYPE_DATE;
    case Wire::timestamp: return SQL_C_TYPE_TIMESTAMP;
  }
  return SQL_C_CHAR;
}

std::size_t room_of(const ColumnPlan& plan) { return plan.wire == Wire::text ? plan.width - 1 : plan.width; }

SQLPOINTER attribute(std::uint64_t value) { return reinterpret_cast<SQLPOINTER>(value); }

int hex_digit(char c) { return c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0'; }

std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) bytes.push_back(static_cast<char>(hex_digit(hex[at]) * 16 + hex_digit(hex[at + 1])));
  return bytes;
}

unsigned number_at(std::string_view text, std::size_t at, std::size_t digits) {
  unsigned value = 0;
  if (at + digits <= text.size()) std::from_chars(text.data() + at, text.data() + at + digits, value);
  return value;
}

std::string timestamp_struct(std::string_view text) {
  SQL_TIMESTAMP_STRUCT stamp{};
  stamp.year = static_cast<SQLSMALLINT>(number_at(text, 0, 4));
  stamp.month = static_cast<SQLUSMALLINT>(number_at(text, 5, 2));
  stamp.day = static_cast<SQLUSMALLINT>(number_at(text, 8, 2));
  stamp.hour = static_cast<SQLUSMALLINT>(number_at(text, 11, 2));
  stamp.minute = static_cast<SQLUSMALLINT>(number_at(text, 14, 2));
  stamp.second = static_cast<SQLUSMALLINT>(number_at(text, 17, 2));
  std::string fraction(text.size() > 20 ? text.substr(20, 9) : "");
  fraction.resize(9, '0');
  stamp.fraction = number_at(fraction, 0, 9);
  return std::string(reinterpret_cast<const char*>(&stamp), sizeof stamp);
}

std::string date_struct(std::string_view text) {
  SQL_DATE_STRUCT date{};
  date.year = static_cast<SQLSMALLINT>(number_at(text, 0, 4));
  date.month = static_cast<SQLUSMALLINT>(number_at(text, 5, 2));
  date.day = static_cast<SQLUSMALLINT>(number_at(text, 8, 2));
  return std::string(reinterpret_cast<const char*>(&date), sizeof date);
}

/// How one key part is bound.
struct Binding {
  SQLSMALLINT c_type = SQL_C_CHAR;
  SQLSMALLINT sql_type = SQL_VARCHAR;
  SQLULEN size = 0;
  SQLSMALLINT scale = 0;
};

Binding binding_of(const ColumnPlan& plan, const std::string& bytes) {
  const SQLULEN size = std::max<SQLULEN>(1, bytes.size());
  switch (plan.type) {
    case ColumnType::decimal: {
      const std::size_t point = bytes.find('.');
      const auto scale = static_cast<SQLSMALLINT>(point == std::string::npos ? 0 : bytes.size() - point - 1);
      const auto digits = static_cast<SQLULEN>(std::count_if(bytes.begin(), bytes.end(), [](char c) { return c >= '0' && c <= '9'; }));
      return {SQL_C_CHAR, SQL_DECIMAL, digits, scale};
    }
    case ColumnType::real: return {SQL_C_CHAR, SQL_DOUBLE, 17, 0};
    case ColumnType::binary: return {SQL_C_BINARY, SQL_VARBINARY, size, 0};
    case ColumnType::date:
      if (plan.wire == Wire::date) return {SQL_C_TYPE_DATE, SQL_TYPE_DATE, 10, 0};
      break;
    case ColumnType::timestamp:
      if (plan.wire == Wire::timestamp) return {SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 29, 9};
      break;
    default: break;
  }
  return {SQL_C_CHAR, SQL_VARCHAR, size, 0};
}

}  // namespace

PreparedRead::PreparedRead(std::shared_ptr<Session> session, KeyedSql sql, ReadPlan plan, std::vector<std::size_t> key)
    : session_(std::move(session)), sql_(std::move(sql)), plan_(std::move(plan)), key_(std::move(key)), parameters_(sql_.markers.size()) {
  SQLHANDLE statement = nullptr;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, session_->handle(), &statement))) {
    session_->fail(HandleKind::connection, session_->handle(), "opening a statement");
  }
  statement_ = statement;
  try {
    // Where a driver knows the attribute, the server ends the statement; the watchdog stands behind it.
    const std::int64_t timeout_s = (session_->connection().query_timeout_ms + 999) / 1000;
    SQLSetStmtAttr(statement_, SQL_ATTR_QUERY_TIMEOUT, attribute(static_cast<std::uint64_t>(timeout_s)), 0);
    const Watched now = watched();
    const SQLRETURN result =
        SQLPrepare(statement_, reinterpret_cast<SQLCHAR*>(sql_.text.data()), static_cast<SQLINTEGER>(sql_.text.size()));
    if (!SQL_SUCCEEDED(result)) fail("preparing a statement");
    bind_columns();
  } catch (...) {
    SQLFreeHandle(SQL_HANDLE_STMT, statement_);
    throw;
  }
}

PreparedRead::~PreparedRead() { SQLFreeHandle(SQL_HANDLE_STMT, statement_); }

void PreparedRead::fail(std::string_view doing) {
  Error error = session_->error(HandleKind::statement, statement_, doing);
  if (!session_->watchdog().cancelled()) throw error;
  throw Error(ErrorCode::source_busy,
              fmt::format("source '{}' took longer than {} ms while {}: cancelled", session_->connection().name,
                          session_->connection().query_timeout_ms, doing),
              error.context(), "raise the connection's query_timeout, or give the key an index");
}

void PreparedRead::bind_columns() {
  const std::size_t columns = plan_.columns.size();
  cells_.resize(columns);
  indicators_.resize(columns);
  room_.resize(columns);
  long_cells_.resize(columns);
  cut_cells_.assign(columns, 0);
  longest_cut_.assign(columns, 0);
  row_states_.assign(plan_.rows, 0);
  SQLSetStmtAttr(statement_, SQL_ATTR_ROWS_FETCHED_PTR, &rows_fetched_, 0);
  SQLSetStmtAttr(statement_, SQL_ATTR_ROW_STATUS_PTR, row_states_.data(), 0);
  if (!SQL_SUCCEEDED(SQLSetStmtAttr(statement_, SQL_ATTR_ROW_ARRAY_SIZE, attribute(plan_.rows), 0))) fail("setting the array size");
  for (std::size_t column = 0; column < columns; ++column) {
    const ColumnPlan& plan = plan_.columns[column];
    const bool bound = column < plan_.bound;
    room_[column] = room_of(plan);
    indicators_[column].assign(plan_.rows, SQL_NO_TOTAL);
    cells_[column].resize(bound ? plan.width * plan_.rows : 0);
    if (!bound) continue;
    const SQLRETURN result = SQLBindCol(statement_, static_cast<SQLUSMALLINT>(column + 1), c_type_of(plan.wire), cells_[column].data(),
                                        static_cast<SQLLEN>(plan.width), reinterpret_cast<SQLLEN*>(indicators_[column].data()));
    if (!SQL_SUCCEEDED(result)) fail("binding a column");
  }
}

void PreparedRead::widen_where_needed() {
  bool changed = false;
  for (std::size_t column = 0; column < plan_.bound; ++column) {
    if (cut_cells_[column] < cut_cells_for_wider_buffer || longest_cut_[column] >= text_width_max) continue;
    plan_.columns[column].width = std::min(text_width_max, longest_cut_[column] + longest_cut_[column] / 4 + 1);
    changed = true;
  }
  if (!changed) return;
  std::size_t row_bytes = 0;
  for (const ColumnPlan& plan : plan_.columns) row_bytes += plan.width + sizeof(SQLLEN);
  plan_.rows = std::clamp<std::size_t>(array_bytes_max / row_bytes, 1, plan_.rows);
  bind_columns();
}

void PreparedRead::bind_parameter(std::size_t marker, std::size_t column, const std::string& text) {
  const ColumnPlan& plan = plan_.columns[column];
  Parameter& parameter = parameters_[marker];
  const auto number = static_cast<SQLUSMALLINT>(marker + 1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parameter.integer);
  SQLRETURN result = SQL_ERROR;
  if (plan.type == ColumnType::integer && error == std::errc{} && end == text.data() + text.size()) {
    parameter.size = sizeof parameter.integer;
    result = SQLBindParameter(statement_, number, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 19, 0, &parameter.integer,
                              sizeof parameter.integer, reinterpret_cast<SQLLEN*>(&parameter.size));
  } else {
    const bool as_struct = plan.wire == Wire::date || plan.wire == Wire::timestamp;
    parameter.bytes = plan.type == ColumnType::binary ? bytes_of_hex(text)
                      : !as_struct                    ? text
                      : plan.wire == Wire::date       ? date_struct(text)
                                                      : timestamp_struct(text);
    parameter.size = static_cast<std::int64_t>(parameter.bytes.size());
    const Binding binding = binding_of(plan, parameter.bytes);
    result = SQLBindParameter(statement_, number, SQL_PARAM_INPUT, binding.c_type, binding.sql_type, binding.size, binding.scale,
                              parameter.bytes.data(), parameter.size, reinterpret_cast<SQLLEN*>(&parameter.size));
  }
  if (!SQL_SUCCEEDED(result)) fail("binding a key");
}

void PreparedRead::execute(std::span<const engine::model::SourceKey> keys) {
  close();
  widen_where_needed();
  for (std::size_t marker = 0; marker < sql_.markers.size(); ++marker) {
    const KeyMarker& at = sql_.markers[marker];
    ENGINE_ASSERT(at.key < keys.size() && at.part < keys[at.key].parts.size());
    bind_parameter(marker, key_[at.part], keys[at.key].parts[at.part]);
  }
  const Watched now = watched();
  const SQLRETURN result = SQLExecute(statement_);
  // A cancelled statement need not fail: MariaDB's SLEEP() then simply returns.
  if ((!SQL_SUCCEEDED(result) && result != SQL_NO_DATA) || session_->watchdog().cancelled()) fail("running a statement");
  executing_ = true;
}

std::size_t PreparedRead::fetch() {
  rows_fetched_ = 0;
  const SQLRETURN result = SQLFetch(statement_);
  if (result == SQL_NO_DATA) {
    // An end that comes with a diagnostic is no end: some drivers report a lost connection so.
    for (const Diagnostic& diagnostic : diagnostics_of(HandleKind::statement, statement_)) {
      const std::string_view group = std::string_view(diagnostic.sqlstate).substr(0, 2);
      if (group != "00" && group != "01" && group != "02") fail("reading rows");
    }
    if (session_->watchdog().cancelled()) fail("reading rows");
    return 0;
  }
  if (!SQL_SUCCEEDED(result)) fail("reading rows");
  check_rows(result);
  return rows_fetched_;
}

void PreparedRead::check_rows(short result) {
  if (plan_.rows == 1) rows_fetched_ = 1;  // not every driver fills it in for single rows
  for (std::size_t row = 0; row < rows_fetched_; ++row) {
    if (row_states_[row] == SQL_ROW_ERROR) fail("reading a row");
  }
  if (result != SQL_SUCCESS_WITH_INFO) return;
  // Cut text is seen by its indicator and read again. A cut fraction of a number or a time has no such trace.
  for (const Diagnostic& diagnostic : diagnostics_of(HandleKind::statement, statement_)) {
    if (diagnostic.sqlstate == "01S07" || diagnostic.sqlstate == "22003") fail("reading a row");
  }
}

void PreparedRead::close() {
  if (executing_) SQLFreeStmt(statement_, SQL_CLOSE);
  executing_ = false;
}

std::optional<std::string_view> PreparedRead::unusual_cell(std::size_t row, std::size_t column) {
  const std::int64_t size = indicators_[column][row];
  const bool bound = column < plan_.bound;
  if (bound && size == SQL_NULL_DATA) return std::nullopt;
  if (bound) {
    const ColumnPlan& plan = plan_.columns[column];
    // Some drivers leave the indicator of fixed-size types alone.
    if (plan.wire != Wire::text && plan.wire != Wire::binary) {
      return std::string_view(cells_[column].data() + row * plan.width, plan.width);
    }
    ++cut_cells_[column];
    if (size > 0) longest_cut_[column] = std::max(longest_cut_[column], static_cast<std::size_t>(size));
  }
  bool is_null = false;
  const std::string_view text = read_again(row, column, is_null);
  if (is_null) return std::nullopt;
  return text;
}

std::string_view PreparedRead::read_again(std::size_t row, std::size_t column, bool& is_null) {
  if (plan_.rows > 1) {
    if (!session_->dialect().reread_in_array) throw LongerThanDescribed{column};
    const auto position = static_cast<SQLSETPOSIROW>(row + 1);
    if (!SQL_SUCCEEDED(SQLSetPos(statement_, position, SQL_POSITION, SQL_LOCK_NO_CHANGE))) fail("placing the cursor on a row");
  } else if (column < plan_.bound && !session_->getdata_of_bound()) {
    throw LongerThanDescribed{column};
  }
  const ColumnPlan& plan = plan_.columns[column];
  const bool is_text = plan.wire == Wire::text;
  std::string& whole = long_cells_[column];
  const std::int64_t known = indicators_[column][row];
  std::size_t used = 0;
  whole.resize(known > 0 ? static_cast<std::size_t>(known) + 1 : std::max<std::size_t>(plan.width, 64));
  while (true) {
    SQLLEN left = 0;
    const std::size_t space = whole.size() - used;
    const SQLRETURN result = SQLGetData(statement_, static_cast<SQLUSMALLINT>(column + 1), c_type_of(plan.wire), whole.data() + used,
                                        static_cast<SQLLEN>(space), &left);
    if (result == SQL_NO_DATA) break;
    if (!SQL_SUCCEEDED(result)) fail("reading a long value");
    if (left == SQL_NULL_DATA) {
      is_null = true;
      return {};
    }
    const std::size_t filled = space - (is_text ? 1 : 0);
    if (left != SQL_NO_TOTAL && static_cast<std::size_t>(left) <= filled) {
      used += static_cast<std::size_t>(left);
      break;
    }
    used += filled;
    if (used > cell_bytes_max) throw Error(ErrorCode::source_bad_data, fmt::format("a value is longer than {} bytes", cell_bytes_max));
    const std::size_t more = left == SQL_NO_TOTAL ? whole.size() : static_cast<std::size_t>(left) - filled;
    whole.resize(used + more + 1);
  }
  return std::string_view(whole).substr(0, used);
}

}  // namespace connectors::odbc
