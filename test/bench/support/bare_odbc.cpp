#include "test/bench/support/bare_odbc.h"

#include <sql.h>
#include <sqlext.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "test/bench/support/figure.h"

namespace bench {

namespace {

constexpr std::size_t column_count = 10;
constexpr std::size_t cell_bytes = 64;

void require(SQLRETURN result, SQLSMALLINT kind, SQLHANDLE handle) {
  if (SQL_SUCCEEDED(result) || result == SQL_NO_DATA) return;
  SQLCHAR state[6]{}, text[512]{};
  SQLGetDiagRec(kind, handle, 1, state, nullptr, text, sizeof text, nullptr);
  throw std::runtime_error(fmt::format("ODBC {}: {}", reinterpret_cast<char*>(state), reinterpret_cast<char*>(text)));
}

struct Session {
  explicit Session(const std::string& text) {
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
    auto* given = reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.c_str()));
    require(SQLDriverConnect(connection, nullptr, given, SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT), SQL_HANDLE_DBC,
            connection);
    SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
  }
  ~Session() {
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    SQLDisconnect(connection);
    SQLFreeHandle(SQL_HANDLE_DBC, connection);
    SQLFreeHandle(SQL_HANDLE_ENV, environment);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  SQLHENV environment = nullptr;
  SQLHDBC connection = nullptr;
  SQLHSTMT statement = nullptr;
};

class Reader {
 public:
  explicit Reader(const BareRead& wanted)
      : wanted_(wanted), session_(wanted.connection), cells_(column_count), sizes_(column_count) {
    statement_ = session_.statement;
    for (std::size_t i = 0; i < column_count; ++i) {
      cells_[i].resize(wanted.array_rows * cell_bytes);
      sizes_[i].resize(wanted.array_rows);
      check(SQLBindCol(statement_, static_cast<SQLUSMALLINT>(i + 1), SQL_C_CHAR, cells_[i].data(), cell_bytes, sizes_[i].data()));
    }
    SQLSetStmtAttr(statement_, SQL_ATTR_ROW_ARRAY_SIZE, reinterpret_cast<SQLPOINTER>(wanted.array_rows), 0);
    SQLSetStmtAttr(statement_, SQL_ATTR_ROWS_FETCHED_PTR, &fetched_, 0);
  }

  BareResult read() {
    const StopWatch watch;
    const double cpu = cpu_seconds();
    read_chunks();
    result_.seconds = watch.seconds();
    result_.cpu_seconds = cpu_seconds() - cpu;
    return result_;
  }

 private:
  void check(SQLRETURN result) { require(result, SQL_HANDLE_STMT, statement_); }

  void read_chunks() {
    execute(wanted_.first);
    if (!fetch_all() || wanted_.next.empty()) return;
    prepare(wanted_.next);
    SQLBIGINT after = 0;
    check(SQLBindParameter(statement_, 1, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 0, 0, &after, 0, nullptr));
    do {
      after = last_key_;
      check(SQLExecute(statement_));
    } while (fetch_all());
  }

  void execute(const std::string& sql) {
    check(SQLExecDirect(statement_, reinterpret_cast<SQLCHAR*>(const_cast<char*>(sql.c_str())), SQL_NTS));
  }
  void prepare(const std::string& sql) {
    check(SQLPrepare(statement_, reinterpret_cast<SQLCHAR*>(const_cast<char*>(sql.c_str())), SQL_NTS));
  }

  /// Hashes all rows of the open result; false when there was none.
  bool fetch_all() {
    bool any = false;
    for (;;) {
      const SQLRETURN result = SQLFetch(statement_);
      if (result == SQL_NO_DATA) break;
      check(result);
      any = any || fetched_ > 0;
      for (SQLULEN row = 0; row < fetched_; ++row) hash(row);
      result_.rows += static_cast<std::int64_t>(fetched_);
      const char* key = &cells_[0][(fetched_ - 1) * cell_bytes];
      std::from_chars(key, key + sizes_[0][fetched_ - 1], last_key_);
    }
    SQLCloseCursor(statement_);
    return any;
  }

  void hash(SQLULEN row) {
    char bytes[column_count * cell_bytes];
    std::size_t size = 0;
    for (std::size_t i = 0; i < column_count; ++i) {
      const std::size_t length = sizes_[i][row] < 0 ? 0 : static_cast<std::size_t>(sizes_[i][row]);
      std::copy_n(&cells_[i][row * cell_bytes], length, bytes + size);
      size += length;
    }
    result_.digest ^= XXH3_128bits(bytes, size).low64;
  }

  BareRead wanted_;
  Session session_;
  SQLHSTMT statement_ = nullptr;
  std::vector<std::vector<char>> cells_;
  std::vector<std::vector<SQLLEN>> sizes_;
  SQLULEN fetched_ = 0;
  std::int64_t last_key_ = 0;
  BareResult result_;
};

}  // namespace

BareResult read_bare(const BareRead& wanted) { return Reader(wanted).read(); }

void execute_bare(const std::string& connection, const std::string& sql) {
  const Session session(connection);
  require(SQLExecDirect(session.statement, reinterpret_cast<SQLCHAR*>(const_cast<char*>(sql.c_str())), SQL_NTS), SQL_HANDLE_STMT, session.statement);
}

}  // namespace bench
