// A writer's connection and its transactions: one for each request, and one for each record where that fails.
#pragma once

#include <memory>
#include <vector>

#include "connectors/odbc/session.h"
#include "connectors/odbc/target/table_writer.h"
#include "connectors/odbc/target/write_outcome.h"
#include "engine/settings/connection_definition.h"

namespace connectors::odbc {

/// Blocking, used by one thread. Connects when it first has to, and anew after the connection was lost.
class Transactions {
 public:
  explicit Transactions(const engine::settings::TargetConnection& connection);

  /// One answer a record.
  std::vector<engine::model::CallAnswer> write(const WriteRequest& request);
  void close();

 private:
  /// What ended a transaction, undone where that was possible.
  struct Ended {
    engine::model::DeliveryOutcome outcome;
    WriteStage stage = WriteStage::writing;
    bool lost = false;        ///< the connection
    bool constraint = false;
    std::vector<Written> written;  ///< of each record, when all went well
  };
  Ended run(const WriteRequest& request, std::size_t first, std::size_t count);
  std::vector<Written> write_rows(const WriteRequest& request, std::size_t first, std::size_t count);
  Ended run_without_arrays_when_refused(const WriteRequest& request);
  Ended run_again_when_stale(const WriteRequest& request, std::size_t first, std::size_t count);
  Ended ended_by(const engine::Error& error, WriteStage stage, engine::model::CallKind kind);
  void open();
  void roll_back();

  engine::settings::SourceConnection connection_;
  engine::settings::DialectDefinition dialect_;
  std::map<std::string, engine::settings::WrittenTable> tables_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<TableWriter> writer_;
  bool committed_once_ = false;  ///< over the session that is open
  bool takes_arrays_ = true;     ///< as far as the driver has shown
  bool in_arrays_ = false;       ///< what runs now may be written many records at once
};

/// The connection as the session knows it.
engine::settings::SourceConnection session_connection(const engine::settings::TargetConnection& connection);

}  // namespace connectors::odbc
