// Against librdkafka's own mock cluster: brokers that speak the protocol, inside this process.
#include "connectors/targets/kafka/kafka_target.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <future>

#include "engine/base/error.h"

using namespace engine::model;

namespace {

struct Received {
  std::string key, value, id;
  bool has_value = false;
  int partition = 0;
};

class Cluster {
 public:
  Cluster() {
    char problem[200];
    rd_kafka_conf_t* settings = rd_kafka_conf_new();
    rd_kafka_conf_set(settings, "log_level", "0", problem, sizeof problem);
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, settings, problem, sizeof problem);
    cluster_ = rd_kafka_mock_cluster_new(client_, 3);
    rd_kafka_mock_topic_create(cluster_, "customers", 4, 3);
  }
  ~Cluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  std::string servers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void set_down(bool down) {
    for (int broker = 1; broker <= 3; ++broker) down ? rd_kafka_mock_broker_set_down(cluster_, broker) : rd_kafka_mock_broker_set_up(cluster_, broker);
  }
  /// A producer that is refused so sends nothing ever after.
  void refuse_producer() { rd_kafka_mock_push_request_errors(cluster_, 22 /* InitProducerId */, 1, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED); }
  void refuse_once(rd_kafka_resp_err_t error) { rd_kafka_mock_push_request_errors(cluster_, 0 /* Produce */, 1, error); }

  /// The first `count` messages of all partitions.
  std::vector<Received> read(std::size_t count) const {
    char problem[200];
    rd_kafka_conf_t* settings = rd_kafka_conf_new();
    rd_kafka_conf_set(settings, "bootstrap.servers", servers().c_str(), problem, sizeof problem);
    rd_kafka_conf_set(settings, "group.id", "reader", problem, sizeof problem);
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, settings, problem, sizeof problem);
    rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(4);
    for (int partition = 0; partition < 4; ++partition) rd_kafka_topic_partition_list_add(all, "customers", partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer, all);
    rd_kafka_topic_partition_list_destroy(all);
    std::vector<Received> received;
    for (int waits = 0; received.size() < count && waits < 300;) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
      waits += message == nullptr;
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) received.push_back(taken(message));
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return received;
  }

 private:
  static Received taken(rd_kafka_message_t* message) {
    Received made;
    made.partition = message->partition;
    made.key.assign(static_cast<const char*>(message->key), message->key_len);
    made.has_value = message->payload != nullptr;
    if (made.has_value) made.value.assign(static_cast<const char*>(message->payload), message->len);
    rd_kafka_headers_t* headers = nullptr;
    const void* id = nullptr;
    std::size_t size = 0;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
        rd_kafka_header_get_last(headers, "idempotency-key", &id, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      made.id.assign(static_cast<const char*>(id), size);
    }
    return made;
  }

  rd_kafka_t* client_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

engine::settings::TargetConnection connection_to(const std::string& servers) {
  engine::settings::TargetConnection connection;
  connection.name = "lake";
  connection.stream.servers = servers;
  connection.stream.subject = "{object}";
  connection.timeout_ms = 20'000;
  return connection;
}

Call call(CallKind kind, int record, int version) {
  Call made;
  made.kind = kind;
  made.object = "customers";
  made.match = {{"code", std::int64_t{record}}};
  made.fields = {{"version", std::int64_t{version}}};
  made.idempotency_key = fmt::format("j-{}-{}", record, version);
  return made;
}

std::future<std::string> send(Target& target, const Call& call) {
  auto promise = std::make_shared<std::promise<std::string>>();
  target.send(target.prepare({&call, 1}), [promise](std::vector<CallAnswer> answers) { promise->set_value(std::string(name_of(answers.at(0).outcome))); });
  return promise->get_future();
}

}  // namespace

TEST_CASE("messages of one key stay in order, each is there once, whatever a broker answers meanwhile") {
  Cluster cluster;
  const auto target = connectors::targets::kafka::make_kafka_target(connection_to(cluster.servers()));
  cluster.refuse_once(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  constexpr int records = 40, versions = 10;
  std::vector<std::future<std::string>> answers;
  for (int version = 1; version <= versions; ++version) {
    for (int record = 0; record < records; ++record) answers.push_back(send(*target, call(CallKind::upsert, record, version)));
  }
  for (auto& answer : answers) CHECK(answer.get() == "delivered");
  std::map<std::string, int> last;
  std::set<int> partitions;
  for (const Received& message : cluster.read(records * versions)) {
    partitions.insert(message.partition);
    CHECK(message.value == fmt::format(R"({{"version":{}}})", ++last[message.key]));
  }
  CHECK(last.size() == records);
  CHECK(partitions.size() == 4);
  for (const auto& [key, version] : last) CHECK(version == versions);
  target->stop();
}

TEST_CASE("a deleted record's key gets a message without a value, behind the envelope where the topic is compacted") {
  Cluster cluster;
  auto connection = connection_to(cluster.servers());
  auto plain = connectors::targets::kafka::make_kafka_target(connection);
  CHECK(send(*plain, call(CallKind::delete_, 1, 1)).get() == "delivered");
  plain->stop();
  connection.envelope = {.debezium = true, .tombstones = true};
  auto wrapped = connectors::targets::kafka::make_kafka_target(connection);
  CHECK(wrapped->traits("customers").wants_origin);
  CHECK(send(*wrapped, call(CallKind::delete_, 1, 2)).get() == "delivered");
  wrapped->stop();
  const auto messages = cluster.read(3);
  REQUIRE(messages.size() == 3);
  CHECK_FALSE(messages[0].has_value);
  CHECK(messages[0].id == "j-1-1");
  CHECK(messages[1].value.find(R"("op":"d")") != std::string::npos);
  CHECK_FALSE(messages[2].has_value);
  CHECK(messages[2].key == messages[1].key);
}

TEST_CASE("brokers that are down are waited for, and a message is given back when its time is over") {
  Cluster cluster;
  auto connection = connection_to(cluster.servers());
  connection.timeout_ms = 1'000;
  const auto target = connectors::targets::kafka::make_kafka_target(connection);
  // A busy machine may need longer than the limit to connect.
  const auto arrives = [&](int delivery) {
    std::string answer;
    for (int tries = 0; tries < 30 && answer != "delivered"; ++tries) answer = send(*target, call(CallKind::upsert, 1, delivery)).get();
    return answer == "delivered";
  };
  CHECK(arrives(1));
  cluster.set_down(true);
  CHECK(send(*target, call(CallKind::upsert, 1, 2)).get() == "retry_later");
  cluster.set_down(false);
  CHECK(arrives(3));
  target->stop();
  CHECK(send(*target, call(CallKind::upsert, 1, 4)).get() == "retry_later");
}

TEST_CASE("a producer that broke is replaced, and what is sent next arrives") {
  Cluster cluster;
  cluster.refuse_producer();
  const auto target = connectors::targets::kafka::make_kafka_target(connection_to(cluster.servers()));
  // It breaks as soon as it asks for its id, which may be before the first message or after it.
  const std::string first = send(*target, call(CallKind::upsert, 1, 1)).get();
  CHECK((first == "delivered" || first == "retry_later"));
  CHECK(send(*target, call(CallKind::upsert, 1, 2)).get() == "delivered");
  target->stop();
}

TEST_CASE("a message that no broker takes is refused, and a property that is none stops the configuration") {
  Cluster cluster;
  const auto target = connectors::targets::kafka::make_kafka_target(connection_to(cluster.servers()));
  cluster.refuse_once(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  CHECK(send(*target, call(CallKind::upsert, 1, 1)).get() == "permanent");
  target->stop();
  auto connection = connection_to("127.0.0.1:1");
  connection.stream.properties["no.such.property"] = "1";
  CHECK_THROWS_AS(connectors::targets::kafka::make_kafka_target(connection), engine::Error);
}
