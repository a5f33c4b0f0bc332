// What is asked of a connection's slots, and the connection of its own over which they are read.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/odbc/text_query.h"

namespace connectors::odbc {

/// Belongs to the session that reads rows, and ends before it. Values are parts of one key.
class SlotStatements {
 public:
  explicit SlotStatements(std::shared_ptr<Session> session) : session_(std::move(session)), queries_(session_) {}

  std::vector<TextQuery::Row> ask(KeyedSql sql, std::size_t columns, std::vector<std::string> values = {});
  /// Row by row, however many: the driver fetches them through a cursor there.
  void stream(KeyedSql sql, std::size_t columns, std::vector<std::string> values, const TextQuery::Take& take);

  /// What stands behind a table's name; as it was at most a minute ago.
  struct Relation {
    std::string oid;  ///< empty: nothing
    std::string kind, persistence, identity, quoted_name, schema, name;
    std::vector<std::string> identity_columns;
  };
  const Relation& relation(const std::string& from);
  void forget_relations() { relations_.clear(); }

 private:
  struct Known {
    Relation relation;
    std::chrono::steady_clock::time_point asked;
  };
  std::shared_ptr<Session> session_;
  TextQueries queries_;
  std::shared_ptr<Session> streaming_;
  std::map<std::string, Known> relations_;
};

}  // namespace connectors::odbc
