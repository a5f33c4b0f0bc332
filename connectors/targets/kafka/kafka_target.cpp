#include "connectors/targets/kafka/kafka_target.h"

#include <chrono>
#include <future>
#include <mutex>
#include <vector>

#include "connectors/targets/kafka/producer.h"
#include "connectors/targets/message/message.h"
#include "engine/base/error.h"

namespace connectors::targets::kafka {

using namespace engine::model;

namespace {

/// The producer is made anew when it broke; messages hold on to the one they were given to.
class KafkaTarget : public Target {
 public:
  explicit KafkaTarget(const engine::settings::TargetConnection& connection)
      : topic_(connection.stream.subject),
        envelope_(connection.envelope),
        properties_(client_properties(connection)),
        // A topic keeps the last message of a key: sent twice, it says the same.
        traits_(message_traits(true, connection.envelope.debezium || topic_.names_pipeline())) {
    const Producer tried(properties_);  // refuses what is no property, before anything is sent
  }
  ~KafkaTarget() override { stop(); }

  const ObjectTraits& traits(std::string_view) const override { return traits_; }

  PreparedCall prepare(std::span<const Call> calls) const override {
    ENGINE_ASSERT(calls.size() == 1);
    const Call& call = calls.front();
    if (!traits_.has(call.kind)) {
      throw engine::Error(engine::ErrorCode::config_invalid, "a topic takes no '" + std::string(name_of(call.kind)) + "'");
    }
    auto message = std::make_shared<Message>(message_of(call, topic_, envelope_.debezium));
    return {.kind = call.kind, .object = call.object, .records = 1, .request = request_text(*message), .ready = message};
  }

  void send(const PreparedCall& call, Answered answered) override {
    auto message = std::dynamic_pointer_cast<const Message>(call.ready);
    if (!message) message = std::make_shared<Message>(read_message(call.request));
    const std::shared_ptr<Producer> producer = usable_producer();
    if (!producer) {
      CallAnswer answer;
      answer.outcome = RetryLater{.reason = "the daemon is stopping"};
      answer.any_byte_sent = false;
      return answered({answer});
    }
    // What is told of a delete in Debezium's form has a value: only the message behind it lets a compacted topic forget
    // the key.
    const bool tombstone = envelope_.tombstones && call.kind == CallKind::delete_ && message->value.has_value();
    producer->produce(*message, tombstone, [answered = std::move(answered)](CallAnswer answer) { answered({std::move(answer)}); });
  }

  void stop() override {
    std::shared_ptr<Producer> last;
    std::vector<std::future<void>> endings;
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    last.swap(producer_);
    endings.swap(endings_);
  }

 private:
  /// None after the stop.
  std::shared_ptr<Producer> usable_producer() {
    const std::lock_guard lock(mutex_);
    if (stopped_) return nullptr;
    if (producer_ && producer_->is_broken()) retire(std::move(producer_));
    if (!producer_) producer_ = std::make_shared<Producer>(properties_);
    return producer_;
  }

  /// Its end takes seconds, and whoever sends must not wait for them.
  void retire(std::shared_ptr<Producer> broken) {
    std::erase_if(endings_, [](const std::future<void>& ending) { return ending.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    endings_.push_back(std::async(std::launch::async, [broken = std::move(broken)]() mutable { broken.reset(); }));
  }

  const SubjectTemplate topic_;
  const engine::settings::EnvelopeOptions envelope_;
  const std::map<std::string, std::string> properties_;
  const ObjectTraits traits_;
  std::mutex mutex_;
  std::shared_ptr<Producer> producer_;
  std::vector<std::future<void>> endings_;  ///< of producers that broke
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<Target> make_kafka_target(const engine::settings::TargetConnection& connection) {
  using namespace engine::settings;
  if (!std::holds_alternative<NoAuth>(connection.auth) && !std::holds_alternative<BasicAuth>(connection.auth)) {
    throw engine::Error(engine::ErrorCode::config_invalid, "kafka is entered by auth: { user: …, password: … }", {{"file", connection.origin.text()}},
                        "other ways are properties of librdkafka: write them below properties:");
  }
  return std::make_unique<KafkaTarget>(connection);
}

}  // namespace connectors::targets::kafka
