#include "connectors/odbc/rows/prepared_read.h"

#include <algorithm>

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;

static_assert(sizeof(SQLLEN) == sizeof(std::int64_t) && sizeof(SQLULEN) == sizeof(std::uint64_t));
static_assert(sizeof(SQL_DATE_STRUCT) == 6 && sizeof(SQL_TIMESTAMP_STRUCT) == 16);

namespace {

/// A longer value is no column of an ERP's row; reading it would only fill the memory.
constexpr std::size_t cell_bytes_max = 256'000'000;
constexpr std::size_t cut_cells_for_wider_buffer = 10;
constexpr std::size_t no_row = static_cast<std::size_t>(-1);

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

}  // namespace

PreparedRead::PreparedRead(std::shared_ptr<Session> session, KeyedSql sql, ReadPlan plan, std::vector<ColumnPlan> key)
    : session_(std::move(session)), sql_(std::move(sql)), plan_(std::move(plan)), key_(std::move(key)), parameters_(sql_.markers.size()) {
  SQLHANDLE statement = nullptr;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, session_->handle(), &statement))) {
    session_->fail(HandleKind::connection, session_->handle(), "opening a statement");
  }
  statement_ = statement;
  try {
    set_query_timeout(*session_, statement_);
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

void PreparedRead::bind_columns() {
  const std::size_t columns = plan_.columns.size();
  cells_.resize(columns);
  indicators_.resize(columns);
  room_.resize(columns);
  long_cells_.resize(columns);
  long_rows_.assign(columns, no_row);
  long_is_null_.assign(columns, 0);
  cut_cells_.assign(columns, 0);
  longest_cut_.assign(columns, 0);
  row_states_.assign(plan_.rows, 0);
  SQLSetStmtAttr(statement_, SQL_ATTR_ROWS_FETCHED_PTR, &rows_fetched_, 0);
  SQLSetStmtAttr(statement_, SQL_ATTR_ROW_STATUS_PTR, row_states_.data(), 0);
  // A driver that knows no arrays refuses even the one of a single row.
  if (!SQL_SUCCEEDED(SQLSetStmtAttr(statement_, SQL_ATTR_ROW_ARRAY_SIZE, attribute(plan_.rows), 0)) && plan_.rows > 1) fail("setting the array size");
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

void PreparedRead::execute(std::span<const engine::model::SourceKey> keys) {
  close();
  widen_where_needed();
  for (std::size_t marker = 0; marker < sql_.markers.size(); ++marker) {
    const KeyMarker& at = sql_.markers[marker];
    ENGINE_ASSERT(at.key < keys.size() && at.part < keys[at.key].parts.size());
    if (!parameters_[marker].bind(statement_, marker + 1, key_[at.part], keys[at.key].parts[at.part])) fail("binding a key");
  }
  const Watched now = watched();
  const SQLRETURN result = SQLExecute(statement_);
  // A cancelled statement need not fail: MariaDB's SLEEP() then simply returns.
  if ((!SQL_SUCCEEDED(result) && result != SQL_NO_DATA) || session_->watchdog().cancelled()) fail("running a statement");
  executing_ = true;
}

std::size_t PreparedRead::fetch() {
  rows_fetched_ = 0;
  std::fill(long_rows_.begin(), long_rows_.end(), no_row);
  const SQLRETURN result = SQLFetch(statement_);
  if (result == SQL_NO_DATA) {
    // An end that comes with a diagnostic is no end: some drivers report a lost connection so.
    for (const Diagnostic& diagnostic : session_->diagnostics(HandleKind::statement, statement_)) {
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
  // No rows would be an end that the driver did not tell: what it left out would be taken for deleted.
  if (rows_fetched_ == 0 || rows_fetched_ > plan_.rows) {
    throw Error(ErrorCode::source_bad_data, fmt::format("the driver says that it gave {} rows where there is room for {}", rows_fetched_, plan_.rows), {},
                "set rows_per_fetch: 1 in a dialect of your own, and tell the driver's makers");
  }
  for (std::size_t row = 0; row < rows_fetched_; ++row) {
    if (row_states_[row] == SQL_ROW_ERROR) fail("reading a row");
  }
  if (result != SQL_SUCCESS_WITH_INFO) return;
  // Cut text is seen by its indicator and read again. A cut fraction of a number or a time has no such trace.
  for (const Diagnostic& diagnostic : session_->diagnostics(HandleKind::statement, statement_)) {
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
  if (bound && long_rows_[column] != row) {
    const ColumnPlan& plan = plan_.columns[column];
    // Some drivers leave the indicator of fixed-size types alone.
    if (plan.wire != Wire::text && plan.wire != Wire::binary) {
      return std::string_view(cells_[column].data() + row * plan.width, plan.width);
    }
    ++cut_cells_[column];
    if (size > 0) longest_cut_[column] = std::max(longest_cut_[column], static_cast<std::size_t>(size));
  }
  // A driver gives each value once: who asks twice, as for a key, gets the copy.
  if (long_rows_[column] != row) {
    long_is_null_[column] = !read_again(row, column);
    long_rows_[column] = row;
  }
  if (long_is_null_[column]) return std::nullopt;
  return long_cells_[column];
}

bool PreparedRead::read_again(std::size_t row, std::size_t column) {
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
  const std::int64_t known = column < plan_.bound ? std::min<std::int64_t>(indicators_[column][row], cell_bytes_max) : 0;
  std::size_t used = 0;
  whole.resize(known > 0 ? static_cast<std::size_t>(known) + 1 : std::max<std::size_t>(plan.width, 64));
  while (true) {
    SQLLEN left = 0;
    const std::size_t space = whole.size() - used;
    const SQLRETURN result = SQLGetData(statement_, static_cast<SQLUSMALLINT>(column + 1), c_type_of(plan.wire), whole.data() + used,
                                        static_cast<SQLLEN>(space), &left);
    if (result == SQL_NO_DATA) break;
    if (!SQL_SUCCEEDED(result)) fail("reading a long value");
    if (left == SQL_NULL_DATA) return false;
    const std::size_t filled = space - (is_text ? 1 : 0);
    if (left != SQL_NO_TOTAL && static_cast<std::size_t>(left) <= filled) {
      used += static_cast<std::size_t>(left);
      break;
    }
    used += filled;
    const std::size_t more = left == SQL_NO_TOTAL ? whole.size() : static_cast<std::size_t>(left) - filled;
    const bool too_long = used > cell_bytes_max || (left != SQL_NO_TOTAL && used + more > cell_bytes_max);
    if (too_long) throw Error(ErrorCode::source_bad_data, fmt::format("a value is longer than {} bytes", cell_bytes_max));
    whole.resize(used + more + 1);
  }
  whole.resize(used);
  return true;
}

}  // namespace connectors::odbc
