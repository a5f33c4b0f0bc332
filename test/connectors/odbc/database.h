// A real database behind its real ODBC driver: the same cases run over each.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/model/source.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/dialect_definition.h"

namespace odbc_test {

/// A cell in canonical form; nullopt is NULL.
using Cell = std::optional<std::string>;
using Row = std::vector<Cell>;

/// A connection of the test's own that may write, apart from the source under test.
class Database {
 public:
  Database(std::string dialect, std::string connection_string);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& kind() const { return kind_; }
  const std::string& connection_string() const { return connection_string_; }
  bool is(const char* kind) const { return kind_ == kind; }
  void run(const std::string& sql);
  /// Ignores errors: DROP TABLE of what is not there.
  void try_run(const std::string& sql);
  /// First column of the first row.
  std::string ask(const std::string& sql);
  /// Drops and creates.
  void create(const std::string& table, const std::string& columns);

  engine::settings::SourceConnection connection() const;
  engine::settings::DialectDefinition dialect() const;
  std::unique_ptr<engine::model::Source> source() const;

 private:
  bool execute(const std::string& sql, bool may_fail, std::string* first = nullptr);

  std::string kind_;
  std::string connection_string_;
  void* handle_ = nullptr;
};

/// SQLite in a file of its own; PostgreSQL and MariaDB where DATAPICKER_TEST_PG and DATAPICKER_TEST_MARIADB are set.
std::span<const std::unique_ptr<Database>> databases();
/// The one of that dialect, or null pointer.
Database* database(const std::string& kind);

/// The shipped definition.
engine::settings::DialectDefinition shipped_dialect(const std::string& name);

std::vector<Row> rows_of(engine::model::RowStream& stream);
std::vector<Row> read_whole(engine::model::Source& source, const engine::model::TableRequest& table);
/// By chunks of `limit` until one is empty.
std::vector<Row> read_chunks(engine::model::Source& source, const engine::model::TableRequest& table, std::size_t limit);

}  // namespace odbc_test
