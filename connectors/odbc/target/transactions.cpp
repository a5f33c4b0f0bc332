#include "connectors/odbc/target/transactions.h"

#include "connectors/odbc/target/column_value.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using namespace engine::model;

engine::settings::SourceConnection session_connection(const engine::settings::TargetConnection& connection) {
  engine::settings::SourceConnection made;
  made.name = connection.name;
  made.origin = connection.origin;
  made.odbc = connection.database.odbc;
  made.dialect = connection.database.dialect.name;
  made.connect_timeout_ms = connection.database.connect_timeout_ms;
  made.query_timeout_ms = connection.timeout_ms;
  return made;
}

bool CommitGate::pass() {
  const std::lock_guard lock(mutex_);
  passed_ = passed_ || !given_up_;
  return !given_up_;
}

bool CommitGate::give_up() {
  const std::lock_guard lock(mutex_);
  given_up_ = true;
  return passed_;
}

Transactions::Transactions(const engine::settings::TargetConnection& connection, std::shared_ptr<engine::SignOfLife> sign)
    : connection_(session_connection(connection)), dialect_(connection.database.dialect), tables_(connection.database.tables), sign_(std::move(sign)) {}

void Transactions::close() {
  writer_.reset();
  session_.reset();
}

void Transactions::open() {
  session_ = std::make_unique<Session>(connection_, dialect_, SessionUse::write, sign_);
  writer_ = std::make_unique<TableWriter>(*session_, tables_);
  committed_once_ = false;
}

void Transactions::commit() {
  if (!gate_->pass()) throw Error(ErrorCode::stopped, "the request was given up");
  session_->end_transaction(true);
  committed_once_ = true;
}

void Transactions::roll_back() {
  if (!session_) return;
  writer_->forget_statements();
  try {
    session_->end_transaction(false);
  } catch (const Error&) {
    close();  // the server rolls back what it finds unfinished
  }
}

Transactions::Ended Transactions::ended_by(const Error& error, WriteStage stage, CallKind kind) {
  Ended ended{.outcome = outcome_of(error, stage, kind, dialect_), .stage = stage, .constraint = is_constraint(error)};
  ended.lost = error.code() == ErrorCode::source_unreachable;
  if (ended.lost) {
    close();
  } else {
    // A table that changed its columns refuses statements made for the old ones.
    const bool about_names = error.code() == ErrorCode::source_schema_changed || error.code() == ErrorCode::source_refused;
    if (writer_ && about_names && !ended.constraint) writer_->forget_tables();
    roll_back();
  }
  return ended;
}

std::vector<Written> Transactions::write_rows(const WriteRequest& request, std::size_t first, std::size_t count) {
  const std::span<const WriteRecord> records = std::span(request.records).subspan(first, count);
  std::vector<Written> written;
  while (written.size() < count) {
    const auto left = records.subspan(written.size());
    const std::size_t alike = in_arrays_ ? writer_->write_alike(request.kind, request.table, left) : 0;
    written.resize(written.size() + alike, Written::done);
    if (alike == 0) written.push_back(writer_->write(request.kind, request.table, left.front()));
  }
  return written;
}

Transactions::Ended Transactions::run(const WriteRequest& request, std::size_t first, std::size_t count) {
  WriteStage stage = WriteStage::connecting;
  try {
    if (!session_) open();
    stage = WriteStage::writing;
    Ended ended{.outcome = Delivered{}};
    std::vector<Written> written = write_rows(request, first, count);
    stage = ended.stage = WriteStage::committing;
    commit();
    ended.written = std::move(written);
    return ended;
  } catch (const NoArrays&) {
    takes_arrays_ = false;
    roll_back();
    return {.outcome = RetryLater{.reason = "the driver takes no arrays"}, .stage = stage};
  } catch (const Unwritable& refused) {
    roll_back();
    return {.outcome = Permanent{.reason = refused.what()}, .stage = stage};
  } catch (const Error& error) {
    return ended_by(error, stage, request.kind);
  }
}

/// A connection that the server closed while nothing was to do is noticed only by the next statement, and a row that somebody else
/// inserted between our look and our INSERT is there for the UPDATE: neither is worth a wait.
Transactions::Ended Transactions::run_again_when_stale(const WriteRequest& request, std::size_t first, std::size_t count) {
  const bool may_be_stale = session_ && committed_once_;
  Ended ended = run(request, first, count);
  const bool stale = ended.lost && may_be_stale && ended.stage == WriteStage::writing;
  const bool raced = ended.constraint && count == 1 && request.kind == CallKind::upsert;
  return stale || raced ? run(request, first, count) : ended;
}

/// What an array was refused for is told by no driver in the same way: row by row each says it for itself.
Transactions::Ended Transactions::run_without_arrays_when_refused(const WriteRequest& request) {
  in_arrays_ = takes_arrays_;
  Ended ended = run_again_when_stale(request, 0, request.records.size());
  // A lock or a full disk would meet each row as well.
  const bool passes_by = takes_arrays_ && std::holds_alternative<RetryLater>(ended.outcome);
  const bool again = in_arrays_ && ended.written.empty() && !ended.lost && !passes_by && ended.stage == WriteStage::writing;
  in_arrays_ = false;
  return again ? run_again_when_stale(request, 0, request.records.size()) : ended;
}

namespace {

CallAnswer answer_of(DeliveryOutcome outcome, bool any_byte_sent) {
  CallAnswer answer;
  answer.outcome = std::move(outcome);
  answer.any_byte_sent = any_byte_sent;
  return answer;
}

DeliveryOutcome outcome_of_row(Written written) {
  if (written == Written::already_there) return Duplicate{};
  if (written == Written::no_such_row) return Permanent{.reason = "no row has this match value", .missing = true};
  return Delivered{};
}

bool is_about_one_record(const DeliveryOutcome& outcome) {
  const auto* permanent = std::get_if<Permanent>(&outcome);
  return permanent != nullptr && !permanent->auth;
}

}  // namespace

std::vector<CallAnswer> given_up(const WriteRequest& request, const Error& error, bool may_be_committed,
                                 const engine::settings::DialectDefinition& dialect) {
  const WriteStage stage = may_be_committed ? WriteStage::committing : WriteStage::writing;
  const Error lost(ErrorCode::source_unreachable, error.what());
  return std::vector(request.records.size(), answer_of(outcome_of(lost, stage, request.kind, dialect), true));
}

std::vector<CallAnswer> Transactions::write(const WriteRequest& request, CommitGate& gate) {
  gate_ = &gate;
  const std::size_t count = request.records.size();
  const Ended whole = run_without_arrays_when_refused(request);
  std::vector<CallAnswer> answers;
  if (count > 1 && is_about_one_record(whole.outcome)) {
    for (std::size_t i = 0; i < count; ++i) {
      const Ended one = run_again_when_stale(request, i, 1);
      answers.push_back(answer_of(one.written.empty() ? one.outcome : outcome_of_row(one.written[0]), one.stage != WriteStage::connecting));
    }
    return answers;
  }
  for (std::size_t i = 0; i < count; ++i) {
    answers.push_back(answer_of(whole.written.empty() ? whole.outcome : outcome_of_row(whole.written[i]), whole.stage != WriteStage::connecting));
  }
  return answers;
}

}  // namespace connectors::odbc
