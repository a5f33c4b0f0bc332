#include "connectors/targets/kafka/producer.h"

#include <pthread.h>

#include <array>
#include <mutex>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include "engine/base/error.h"
#include "engine/base/secret.h"

namespace connectors::targets::kafka {

using namespace engine::model;

namespace {

constexpr int poll_ms = 100;
constexpr int flush_ms_max = 5'000;

CallAnswer answer_of(DeliveryOutcome outcome, bool any_byte_sent) {
  CallAnswer answer;
  answer.outcome = std::move(outcome);
  answer.any_byte_sent = any_byte_sent;
  return answer;
}

/// No broker will ever take this message.
bool is_refusal(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || error == RD_KAFKA_RESP_ERR_INVALID_MSG ||
         error == RD_KAFKA_RESP_ERR_INVALID_RECORD || error == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ||
         error == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE || error == RD_KAFKA_RESP_ERR_POLICY_VIOLATION ||
         error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

/// Our credentials, or what they allow on the whole cluster: that stops the connection, not the record.
bool is_auth(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__AUTHENTICATION || error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

/// What is no refusal ends by itself or when somebody acts: a broker is away, a topic is not there yet.
DeliveryOutcome outcome_of(rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Delivered{};
  const std::string reason = fmt::format("{}: {}", rd_kafka_err2name(error), rd_kafka_err2str(error));
  if (is_auth(error)) return Permanent{.reason = reason, .auth = true};
  if (is_refusal(error)) return Permanent{.reason = reason};
  return RetryLater{.reason = reason};
}

/// A message under way, or the two of a delete; freed with its last report.
struct Pending {
  Pending(Producer::Reported reported, int waits) : reported(std::move(reported)), waits(waits) {}
  Producer::Reported reported;
  std::mutex mutex;
  int waits;
  CallAnswer answer = answer_of(Delivered{}, true);
};

/// A delete is delivered when both of its messages are; else what befell either of them counts.
void settle(Pending* pending, CallAnswer answer) {
  {
    const std::lock_guard lock(pending->mutex);
    if (!std::holds_alternative<Delivered>(answer.outcome)) pending->answer = std::move(answer);
    if (--pending->waits > 0) return;
  }
  const std::unique_ptr<Pending> ended(pending);
  ended->reported(std::move(ended->answer));
}

/// Called by the thread that polls.
void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* broken) {
  if (message->err == RD_KAFKA_RESP_ERR__FATAL) *static_cast<std::atomic<bool>*>(broken) = true;
  const bool any_byte_sent = rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
  settle(static_cast<Pending*>(message->_private), answer_of(outcome_of(message->err), any_byte_sent));
}

/// A fatal error of the idempotent producer: it sends nothing more, so another one has to take its place.
void on_error(rd_kafka_t* client, int error, const char*, void* broken) {
  if (error == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_fatal_error(client, nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    *static_cast<std::atomic<bool>*>(broken) = true;
  }
}

/// The outcomes say what is wrong; the library's own lines would go to stderr.
void on_log(const rd_kafka_t*, int, const char*, const char*) {}

}  // namespace

struct Producer::Handle {
  rd_kafka_t* client = nullptr;
  std::mutex mutex;  ///< a delete and its tombstone stand together
};

std::map<std::string, std::string> client_properties(const engine::settings::TargetConnection& connection) {
  std::map<std::string, std::string> properties = {
      {"bootstrap.servers", connection.stream.servers},
      {"client.id", "datapicker-" + connection.name},
      // Retries of the library neither double a message nor change the order within a partition.
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"linger.ms", "5"},
      {"reconnect.backoff.max.ms", "2000"},  // brokers that are back are noticed soon
      {"message.timeout.ms", fmt::to_string(connection.timeout_ms)}};
  const bool is_tls = !connection.tls.ca.empty() || !connection.tls.certificate.empty();
  if (is_tls) properties["security.protocol"] = "SSL";
  if (!connection.tls.ca.empty()) properties["ssl.ca.location"] = connection.tls.ca;
  if (!connection.tls.certificate.empty()) {
    properties["ssl.certificate.location"] = connection.tls.certificate;
    properties["ssl.key.location"] = connection.tls.key;
  }
  if (const auto* basic = std::get_if<engine::settings::BasicAuth>(&connection.auth)) {
    properties["security.protocol"] = is_tls ? "SASL_SSL" : "SASL_PLAINTEXT";
    properties["sasl.mechanism"] = "PLAIN";
    properties["sasl.username"] = basic->user;
    properties["sasl.password"] = basic->password.reveal();
  }
  for (const auto& [name, value] : connection.stream.properties) properties[name] = value;
  return properties;
}

Producer::Producer(const std::map<std::string, std::string>& properties) : handle_(std::make_unique<Handle>()) {
  std::array<char, 512> problem{};
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  const auto refuse = [&] {
    throw engine::Error(engine::ErrorCode::config_invalid, engine::redact(fmt::format("kafka: {}", problem.data())), {},
                        "the names of properties stand in librdkafka's CONFIGURATION.md");
  };
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(settings, name.c_str(), value.c_str(), problem.data(), problem.size()) == RD_KAFKA_CONF_OK) continue;
    rd_kafka_conf_destroy(settings);
    refuse();
  }
  rd_kafka_conf_set_dr_msg_cb(settings, on_report);
  rd_kafka_conf_set_error_cb(settings, on_error);
  rd_kafka_conf_set_log_cb(settings, on_log);
  rd_kafka_conf_set_opaque(settings, &broken_);
  handle_->client = rd_kafka_new(RD_KAFKA_PRODUCER, settings, problem.data(), problem.size());
  if (handle_->client == nullptr) {
    rd_kafka_conf_destroy(settings);
    refuse();
  }
  thread_ = std::thread([this] { serve(); });
}

/// Messages get a last chance to arrive; what is purged then is reported as any failure is.
Producer::~Producer() {
  rd_kafka_flush(handle_->client, flush_ms_max);
  rd_kafka_purge(handle_->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(handle_->client, flush_ms_max);  // serves the reports of what was purged
  stopping_ = true;
  thread_.join();
  rd_kafka_destroy(handle_->client);
}

void Producer::serve() {
  pthread_setname_np(pthread_self(), "kafka-target");
  while (!stopping_) rd_kafka_poll(handle_->client, poll_ms);
}

void Producer::produce(const Message& message, bool tombstone, Reported reported) {
  auto* const pending = new Pending(std::move(reported), tombstone ? 2 : 1);
  const auto produce_one = [&](const std::string* value) {
    void* const bytes = value == nullptr ? nullptr : const_cast<char*>(value->data());
    const std::size_t size = value == nullptr ? 0 : value->size();
    return rd_kafka_producev(handle_->client, RD_KAFKA_V_TOPIC(message.subject.c_str()), RD_KAFKA_V_KEY(message.key.data(), message.key.size()),
                             RD_KAFKA_V_VALUE(bytes, size),
                             RD_KAFKA_V_HEADER("idempotency-key", message.id.data(), static_cast<ssize_t>(message.id.size())),
                             RD_KAFKA_V_HEADER("op", message.operation.data(), static_cast<ssize_t>(message.operation.size())),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(pending), RD_KAFKA_V_END);
  };
  // What librdkafka took it reports itself; only what it did not take is reported here.
  std::array<rd_kafka_resp_err_t, 2> errors{};
  {
    const std::lock_guard lock(handle_->mutex);
    errors[0] = produce_one(message.value ? &*message.value : nullptr);
    if (tombstone) errors[1] = errors[0] == RD_KAFKA_RESP_ERR_NO_ERROR ? produce_one(nullptr) : errors[0];
  }
  for (int i = 0; i < (tombstone ? 2 : 1); ++i) {
    const rd_kafka_resp_err_t error = errors[static_cast<std::size_t>(i)];
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (error == RD_KAFKA_RESP_ERR__FATAL) broken_ = true;
    settle(pending, answer_of(outcome_of(error), i == 1 && errors[0] == RD_KAFKA_RESP_ERR_NO_ERROR));
  }
}

}  // namespace connectors::targets::kafka
