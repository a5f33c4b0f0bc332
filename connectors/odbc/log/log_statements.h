// The statements of a connection's change logs: those that read, and on a connection of their own those that delete entries.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "connectors/odbc/text_query.h"

namespace connectors::odbc {

/// Belongs to the session that reads, and ends before it. Parts of the keys that are bound: the table's name, an entry's id.
class LogStatements {
 public:
  explicit LogStatements(std::shared_ptr<Session> session) : session_(std::move(session)), reads_(session_) {}

  std::vector<TextQuery::Row> read(KeyedSql sql, std::size_t columns, std::span<const engine::model::SourceKey> keys);

  /// Runs a DELETE, to be committed.
  void erase(KeyedSql sql, std::span<const engine::model::SourceKey> keys);
  void end_erasing(bool commit);
  /// Gives the deleting connection up: after an error.
  void close_erasing();

 private:
  std::shared_ptr<Session> session_;
  TextQueries reads_;
  std::shared_ptr<Session> erasing_;  ///< opened when there is something to delete
  std::optional<TextQueries> erasures_;
};

}  // namespace connectors::odbc
