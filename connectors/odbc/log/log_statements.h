// The prepared statements of a connection's change logs, and the connection of its own that deletes entries.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/odbc/rows/prepared_read.h"
#include "connectors/odbc/session.h"
#include "connectors/odbc/statement_text.h"

namespace connectors::odbc {

/// Runs one statement whose result nobody reads.
void run_statement(Session& session, std::string sql, std::string_view doing);

/// Kept with the source's session: a table is looked at several times a second.
class LogStatements {
 public:
  LogStatements(const engine::settings::SourceConnection& connection, const engine::settings::DialectDefinition& dialect)
      : connection_(connection), dialect_(dialect) {}

  using Row = std::vector<std::optional<std::string>>;
  /// The rows of a SELECT; its columns are read as text, the last one of any length.
  void read(const std::shared_ptr<Session>& session, KeyedSql sql, std::span<const engine::model::SourceKey> keys, std::size_t columns,
            const std::function<void(Row)>& take);

  /// Runs a DELETE, to be committed.
  void erase(KeyedSql sql, std::span<const engine::model::SourceKey> keys);
  void end_erasing(bool commit);
  /// Gives the deleting connection up: after an error.
  void close_erasing();

 private:
  PreparedRead& prepared(std::map<std::string, std::unique_ptr<PreparedRead>>& kept, const std::shared_ptr<Session>& session, KeyedSql sql,
                         std::size_t columns);

  engine::settings::SourceConnection connection_;
  engine::settings::DialectDefinition dialect_;
  std::shared_ptr<Session> erasing_;
  std::map<std::string, std::unique_ptr<PreparedRead>> reads_, erasures_;  ///< by text
};

}  // namespace connectors::odbc
