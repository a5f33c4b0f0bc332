// A writer's connection and its transactions: one for each request, and one for each record where that fails.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "connectors/odbc/session.h"
#include "connectors/odbc/target/table_writer.h"
#include "connectors/odbc/target/write_outcome.h"
#include "engine/settings/connection_definition.h"

namespace connectors::odbc {

/// Of one request: whoever waits for it may give it up while the driver is in a call, and must know then whether anything of it may have been committed.
class CommitGate {
 public:
  /// Before each COMMIT. False: nobody waits any more, and nothing may be committed.
  bool pass();
  /// Says whether a COMMIT had begun.
  bool give_up();

 private:
  std::mutex mutex_;
  bool passed_ = false;
  bool given_up_ = false;
};

/// Blocking, used by one thread. Connects when it first has to, and anew after the connection was lost.
class Transactions {
 public:
  Transactions(const engine::settings::TargetConnection& connection, std::shared_ptr<engine::SignOfLife> sign);

  /// One answer a record.
  std::vector<engine::model::CallAnswer> write(const WriteRequest& request, CommitGate& gate);
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
  void commit();
  void roll_back();

  engine::settings::SourceConnection connection_;
  engine::settings::DialectDefinition dialect_;
  std::map<std::string, engine::settings::WrittenTable> tables_;
  std::shared_ptr<engine::SignOfLife> sign_;
  CommitGate* gate_ = nullptr;  ///< of the request at work
  std::unique_ptr<Session> session_;
  std::unique_ptr<TableWriter> writer_;
  bool committed_once_ = false;  ///< over the session that is open
  bool takes_arrays_ = true;     ///< as far as the driver has shown
  bool in_arrays_ = false;       ///< what runs now may be written many records at once
};

/// What becomes of a request that was given up: as if the connection had been lost, before its COMMIT or in it.
std::vector<engine::model::CallAnswer> given_up(const WriteRequest& request, const engine::Error& error, bool may_be_committed,
                                                const engine::settings::DialectDefinition& dialect);

/// The connection as the session knows it.
engine::settings::SourceConnection session_connection(const engine::settings::TargetConnection& connection);

}  // namespace connectors::odbc
