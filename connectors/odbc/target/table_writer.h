// Writes records over one open connection: which statements a record needs, and what their row counts mean.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "connectors/odbc/session.h"
#include "connectors/odbc/target/target_table.h"
#include "connectors/odbc/target/write_request.h"
#include "connectors/odbc/target/write_statement.h"
#include "connectors/odbc/target/write_text.h"
#include "engine/settings/connection_definition.h"

namespace connectors::odbc {

enum class Written { done, already_there, no_such_row };

/// The driver does not account for each record of an array.
struct NoArrays {};

/// One thread. Neither commits nor rolls back; after a rollback `forget_statements` must follow.
class TableWriter {
 public:
  TableWriter(Session& session, const std::map<std::string, engine::settings::WrittenTable>& tables)
      : session_(session), tables_(tables) {}

  /// Throws Unwritable, Error source_*.
  Written write(engine::model::CallKind kind, const std::string& table, const WriteRecord& record);
  /// Many records in one execution where they are alike; the first of these, or none: then nothing was written. Throws
  /// NoArrays when nobody knows what was written.
  std::size_t write_alike(engine::model::CallKind kind, const std::string& table, std::span<const WriteRecord> records);
  void forget_statements() { statements_.clear(); }
  /// The next write asks the database again what its tables are like.
  void forget_tables() { known_.clear(); }

 private:
  struct Known {
    TargetTable table;
    std::chrono::steady_clock::time_point described;
  };
  /// A record's values by column.
  struct Row {
    WriteText::Columns match, set;
    std::map<std::size_t, std::optional<std::string>> match_values, values;
  };

  static bool is_short(const Row& row);
  const TargetTable& table(const std::string& name, const WriteRecord& record);
  Row row_of(const TargetTable& table, const WriteRecord& record) const;
  Written upsert(const TargetTable& table, Row row);
  Written update_or_insert(const TargetTable& table, const Row& row);
  Written append(const TargetTable& table, const engine::settings::WrittenTable& how, engine::model::CallKind kind, const WriteRecord& record);
  /// Rows touched, at most one: a match value that addresses several is refused.
  bool touches_one(const TargetTable& table, const WriteSql& sql, const Row& row);
  WriteStatement& statement(const std::string& key, const WriteSql& sql);
  WriteStatement& bound(const TargetTable& table, const WriteSql& sql, const Row& row);

  Session& session_;
  const std::map<std::string, engine::settings::WrittenTable>& tables_;
  std::map<std::string, Known> known_;
  std::map<std::string, std::unique_ptr<WriteStatement>> statements_;  ///< by their SQL, those of arrays with a mark before it
};

}  // namespace connectors::odbc
