#include "connectors/targets/nats/nats_target.h"

#include "connectors/targets/message/message.h"
#include "connectors/targets/nats/jet_stream.h"
#include "engine/base/error.h"
#include "engine/base/work_queue.h"

namespace connectors::targets::nats {

using namespace engine::model;

namespace {

constexpr std::size_t group_max = 10'000;

/// One thread publishes, in the order in which messages came; acknowledgements come from the library's.
class NatsTarget : public Target {
 public:
  explicit NatsTarget(const engine::settings::TargetConnection& connection)
      : connection_(connection),
        subject_(connection.stream.subject),
        // A stream keeps every message: only the frozen one under its id may go out again.
        traits_(message_traits(false, connection.envelope.debezium || subject_.names_pipeline())),
        messages_({.thread_name = "nats-target"}, [this](auto& messages) { publish(messages); }) {}
  ~NatsTarget() override { stop(); }

  const ObjectTraits& traits(std::string_view) const override { return traits_; }

  PreparedCall prepare(std::span<const Call> calls) const override {
    ENGINE_ASSERT(calls.size() == 1);
    const Call& call = calls.front();
    if (!traits_.has(call.kind)) {
      throw engine::Error(engine::ErrorCode::config_invalid, "a stream takes no '" + std::string(name_of(call.kind)) + "'");
    }
    auto message = std::make_shared<Message>(message_of(call, subject_, connection_.envelope.debezium));
    return {.kind = call.kind, .object = call.object, .records = 1, .request = request_text(*message), .ready = message};
  }

  void send(const PreparedCall& call, Answered answered) override {
    Waiting waiting{.message = std::dynamic_pointer_cast<const Message>(call.ready), .answered = std::move(answered)};
    // The journal gives the text alone: an earlier try of it may have been stored.
    waiting.repeated = !waiting.message;
    if (waiting.repeated) waiting.message = std::make_shared<Message>(read_message(call.request));
    const char* refused = messages_.put(waiting);
    if (refused == nullptr) return;
    CallAnswer answer;
    answer.outcome = RetryLater{.reason = refused};
    answer.any_byte_sent = false;
    waiting.answered({answer});
  }

  /// What waits is still published; acknowledgements are waited for as long as the time-out says.
  void stop() override { messages_.finish(); }

 private:
  struct Waiting {
    std::shared_ptr<const Message> message;
    bool repeated = false;
    Answered answered;
  };

  /// The connection is this thread's; it ends with the queue, after its last acknowledgements.
  void publish(engine::WorkQueue<Waiting>& messages) {
    JetStream stream(connection_);
    for (auto group = messages.take(group_max); !group.empty(); group = messages.take(group_max)) {
      for (Waiting& each : group) {
        stream.publish(*each.message, each.repeated, [answered = std::move(each.answered)](CallAnswer answer) { answered({std::move(answer)}); });
      }
    }
  }

  const engine::settings::TargetConnection connection_;
  const SubjectTemplate subject_;
  const ObjectTraits traits_;
  engine::WorkQueue<Waiting> messages_;
};

}  // namespace

std::unique_ptr<Target> make_nats_target(const engine::settings::TargetConnection& connection) {
  using namespace engine::settings;
  const bool knows = std::holds_alternative<NoAuth>(connection.auth) || std::holds_alternative<BasicAuth>(connection.auth) ||
                     std::holds_alternative<BearerAuth>(connection.auth);
  if (!knows) {
    throw engine::Error(engine::ErrorCode::config_invalid, "nats is entered by auth: { bearer: … } or { user: …, password: … }",
                        {{"file", connection.origin.text()}});
  }
  return std::make_unique<NatsTarget>(connection);
}

}  // namespace connectors::targets::nats
