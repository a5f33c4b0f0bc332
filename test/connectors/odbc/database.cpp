#include "test/connectors/odbc/database.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>
#include <unistd.h>

#include "connectors/odbc/odbc_source.h"
#include "engine/settings/read/dialect_reader.h"
#include "engine/settings/yaml_node.h"

namespace odbc_test {

namespace {

std::string diagnostic(SQLSMALLINT kind, SQLHANDLE handle) {
  std::array<SQLCHAR, 6> state{};
  std::array<SQLCHAR, 500> message{};
  SQLINTEGER native = 0;
  SQLSMALLINT size = 0;
  SQLGetDiagRec(kind, handle, 1, state.data(), &native, message.data(), message.size(), &size);
  return fmt::format("{}/{} {}", reinterpret_cast<const char*>(state.data()), native, reinterpret_cast<const char*>(message.data()));
}

SQLCHAR* text_of(const std::string& text) { return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.c_str())); }

SQLHENV environment() {
  static const SQLHENV made = [] {
    SQLHENV handle = nullptr;
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle);
    SQLSetEnvAttr(handle, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
    return handle;
  }();
  return made;
}

}  // namespace

Database::Database(std::string dialect, std::string connection_string) : kind_(std::move(dialect)), connection_string_(std::move(connection_string)) {
  SQLHDBC handle = nullptr;
  SQLAllocHandle(SQL_HANDLE_DBC, environment(), &handle);
  const std::string with_charset = connection_string_ + (kind_ == "mariadb" ? ";CHARSET=utf8mb4" : "");
  if (!SQL_SUCCEEDED(SQLDriverConnect(handle, nullptr, text_of(with_charset), SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT))) {
    throw std::runtime_error(diagnostic(SQL_HANDLE_DBC, handle));
  }
  handle_ = handle;
}

Database::~Database() {
  SQLDisconnect(handle_);
  SQLFreeHandle(SQL_HANDLE_DBC, handle_);
}

bool Database::execute(const std::string& sql, bool may_fail, std::string* first) {
  SQLHSTMT statement = nullptr;
  SQLAllocHandle(SQL_HANDLE_STMT, handle_, &statement);
  const SQLRETURN result = SQLExecDirect(statement, text_of(sql), SQL_NTS);
  const bool done = SQL_SUCCEEDED(result) || result == SQL_NO_DATA;
  const std::string problem = done ? "" : diagnostic(SQL_HANDLE_STMT, statement);
  if (done && first != nullptr && SQL_SUCCEEDED(SQLFetch(statement))) {
    std::array<char, 200> text{};
    SQLLEN size = 0;
    SQLGetData(statement, 1, SQL_C_CHAR, text.data(), text.size(), &size);
    *first = text.data();
  }
  SQLFreeHandle(SQL_HANDLE_STMT, statement);
  if (!done && !may_fail) throw std::runtime_error(sql + ": " + problem);
  return done;
}

void Database::run(const std::string& sql) { execute(sql, false); }
void Database::try_run(const std::string& sql) { execute(sql, true); }

std::string Database::ask(const std::string& sql) {
  std::string first;
  execute(sql, false, &first);
  return first;
}

void Database::create(const std::string& table, const std::string& columns) {
  try_run("DROP TABLE " + table);
  run(fmt::format("CREATE TABLE {} ({})", table, columns));
}

engine::settings::SourceConnection Database::connection() const {
  engine::settings::SourceConnection connection;
  connection.name = "erp";
  connection.odbc = engine::Secret(connection_string_);
  connection.dialect = kind_;
  return connection;
}

engine::settings::DialectDefinition shipped_dialect(const std::string& name) {
  engine::settings::Diagnostics diagnostics;
  const std::string file = fmt::format("{}/config/dialects/{}.yaml", SOURCE_DIR, name);
  const auto root = engine::settings::read_yaml_file(file, name, diagnostics);
  if (!root) throw std::runtime_error("cannot read " + file);
  auto dialect = engine::settings::read_dialect(*root, diagnostics);
  if (!dialect || !diagnostics.ok()) throw std::runtime_error("bad dialect " + name);
  return *dialect;
}

engine::settings::DialectDefinition Database::dialect() const { return shipped_dialect(kind_); }

std::unique_ptr<engine::model::Source> Database::source() const { return connectors::odbc::make_odbc_source(connection(), dialect()); }

std::span<const std::unique_ptr<Database>> databases() {
  static const auto all = [] {
    std::vector<std::unique_ptr<Database>> found;
    const std::string file = fmt::format("/tmp/datapicker-odbc-test.{}.db", getpid());
    std::filesystem::remove(file);
    found.push_back(std::make_unique<Database>("sqlite", "Driver=SQLite3;Database=" + file));
    // Open connections keep the file's content until the program ends.
    static const struct Removed {
      std::string file;
      ~Removed() { std::filesystem::remove(file); }
    } removed{file};
    if (const char* text = std::getenv("DATAPICKER_TEST_PG")) found.push_back(std::make_unique<Database>("postgresql", text));
    if (const char* text = std::getenv("DATAPICKER_TEST_MARIADB")) found.push_back(std::make_unique<Database>("mariadb", text));
    return found;
  }();
  return all;
}

Database* database(const std::string& kind) {
  for (const auto& each : databases()) {
    if (each->kind() == kind) return each.get();
  }
  return nullptr;
}

std::vector<Row> rows_of(engine::model::RowStream& stream) {
  std::vector<Row> rows;
  engine::model::RowBatch batch;
  while (stream.next(batch)) {
    for (std::size_t index = 0; index < batch.rows(); ++index) {
      const engine::model::RowView view = batch.row(index);
      Row row;
      for (std::size_t column = 0; column < view.size(); ++column) {
        row.push_back(view.is_null(column) ? Cell() : Cell(view.text(column)));
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::vector<Row> read_whole(engine::model::Source& source, const engine::model::TableRequest& table) {
  return rows_of(*source.open_whole(table, source.describe(table)));
}

std::vector<Row> read_chunks(engine::model::Source& source, const engine::model::TableRequest& table, std::size_t limit) {
  const engine::model::TableShape shape = source.describe(table);
  std::vector<Row> rows;
  std::optional<engine::model::SourceKey> after;
  while (true) {
    const auto stream = source.open_range(table, shape, {.after = after}, limit);
    engine::model::RowBatch batch;
    bool any = false;
    while (stream->next(batch)) {
      any = true;
      for (std::size_t index = 0; index < batch.rows(); ++index) {
        const engine::model::RowView view = batch.row(index);
        Row row;
        for (std::size_t column = 0; column < view.size(); ++column) row.push_back(view.is_null(column) ? Cell() : Cell(view.text(column)));
        rows.push_back(std::move(row));
      }
      after = batch.source_key(batch.rows() - 1);
    }
    if (!any) return rows;
  }
}

}  // namespace odbc_test
