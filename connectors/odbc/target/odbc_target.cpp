#include "connectors/odbc/target/odbc_target.h"

#include "connectors/odbc/bound/driven.h"
#include "connectors/odbc/target/transactions.h"
#include "connectors/odbc/target/write_request.h"
#include "engine/base/error.h"
#include "engine/base/work_queue.h"

namespace connectors::odbc {

using namespace engine::model;

namespace {

/// Rows of one transaction: enough that its commit no longer counts, few enough to be done again one by one.
constexpr std::size_t records_max = 200;
constexpr std::size_t requests_waiting_max = 10'000;
constexpr std::chrono::milliseconds stop_patience{5'000};

ObjectTraits upserted() {
  ObjectTraits traits;
  traits.calls[CallKind::upsert] = {.native_upsert = true, .repeat_safe = true, .records_max = records_max};
  traits.calls[CallKind::update] = {.repeat_safe = true, .records_max = records_max};
  traits.calls[CallKind::delete_] = {.repeat_safe = true, .records_max = records_max};
  traits.calls[CallKind::create] = {.records_max = records_max};
  return traits;
}

/// Every call is a row of its own, and known again by its key.
ObjectTraits appended(const engine::settings::WrittenTable& table) {
  ObjectTraits traits;
  traits.calls[CallKind::upsert] = {.native_upsert = true, .repeat_safe = true, .records_max = records_max};
  if (!table.operation_column.empty()) traits.calls[CallKind::delete_] = {.repeat_safe = true, .records_max = records_max};
  return traits;
}

class OdbcTarget : public Target {
 public:
  explicit OdbcTarget(const engine::settings::TargetConnection& connection)
      : connection_(connection),
        requests_({.thread_name = "odbc-target",
                   .threads = static_cast<std::size_t>(connection.database.writers),
                   .waiting_max = requests_waiting_max},
                  [this](auto& requests) { write(requests); }) {
    for (const auto& [name, table] : connection.database.tables) {
      if (table.appends) appended_.emplace(name, appended(table));
    }
  }
  ~OdbcTarget() override { stop(); }

  const ObjectTraits& traits(std::string_view object) const override {
    const auto found = appended_.find(object);
    return found == appended_.end() ? upserted_ : found->second;
  }

  PreparedCall prepare(std::span<const Call> calls) const override {
    const Call& first = calls.front();
    if (!traits(first.object).has(first.kind)) {
      throw engine::Error(engine::ErrorCode::config_invalid,
                          "the table " + first.object + " takes no '" + std::string(name_of(first.kind)) + "'");
    }
    auto request = std::make_shared<WriteRequest>(write_request_of(calls));
    return {.kind = first.kind, .object = first.object, .records = calls.size(), .request = request_text(*request), .ready = request};
  }

  void send(const PreparedCall& call, Answered answered) override {
    auto request = std::dynamic_pointer_cast<const WriteRequest>(call.ready);
    if (!request) request = std::make_shared<WriteRequest>(read_request(call.request));
    const std::size_t records = request->records.size();
    Waiting waiting{.request = std::move(request), .answered = std::move(answered)};
    if (const char* refused = requests_.put(waiting)) waiting.answered(unsent(records, refused));
  }

  /// Transactions under way are waited for some seconds, and then left behind; what waits is given back.
  void stop() override {
    engine::LeavableThread::stop_waiting(connection_.name, stop_patience);
    requests_.give_up([](Waiting& each) { each.answered(unsent(each.request->records.size(), "the daemon is stopping")); });
  }

 private:
  struct Waiting {
    std::shared_ptr<const WriteRequest> request;
    Answered answered;
  };

  static std::vector<CallAnswer> unsent(std::size_t records, const char* reason) {
    CallAnswer answer;
    answer.outcome = RetryLater{.reason = reason};
    answer.any_byte_sent = false;
    return std::vector<CallAnswer>(records, answer);
  }

  void write(engine::WorkQueue<Waiting>& requests) {
    Driven<Transactions> transactions(limits_of(session_connection(connection_)), [connection = connection_](std::shared_ptr<engine::SignOfLife> sign) {
      return std::make_unique<Transactions>(connection, std::move(sign));
    });
    for (auto next = requests.take(1); !next.empty(); next = requests.take(1)) {
      next.front().answered(written(transactions, next.front().request));
    }
  }

  std::vector<CallAnswer> written(Driven<Transactions>& transactions, const std::shared_ptr<const WriteRequest>& request) const {
    const auto gate = std::make_shared<CommitGate>();
    try {
      return transactions.ask([request, gate](Transactions& writer) { return writer.write(*request, *gate); });
    } catch (const engine::Error& error) {
      return given_up(*request, error, gate->give_up(), connection_.database.dialect);
    }
  }

  const engine::settings::TargetConnection connection_;
  const ObjectTraits upserted_ = upserted();
  std::map<std::string, ObjectTraits, std::less<>> appended_;
  engine::WorkQueue<Waiting> requests_;
};

}  // namespace

std::unique_ptr<Target> make_odbc_target(const engine::settings::TargetConnection& connection) {
  if (connection.database.odbc.empty()) {
    throw engine::Error(engine::ErrorCode::config_invalid, "an odbc target needs a connection string", {{"file", connection.origin.text()}});
  }
  return std::make_unique<OdbcTarget>(connection);
}

}  // namespace connectors::odbc
