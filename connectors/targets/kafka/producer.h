// librdkafka's idempotent producer, with one thread that serves its reports.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "connectors/targets/message/message.h"
#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::targets::kafka {

/// The properties of the client, those of the connection's `properties:` last.
std::map<std::string, std::string> client_properties(const engine::settings::TargetConnection& connection);

/// Thread-safe. Its end takes seconds when a broker does not answer.
class Producer {
 public:
  using Reported = std::function<void(engine::model::CallAnswer)>;

  /// Throws Error config_invalid.
  explicit Producer(const std::map<std::string, std::string>& properties);
  /// What is under way is given up: each message is still reported.
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// `reported` is called once, from this thread or the producer's. `tombstone`: a message without a value follows, and one report
  /// stands for both.
  void produce(const Message& message, bool tombstone, Reported reported);
  /// It met an error after which it sends nothing any more: a new one is needed.
  bool is_broken() const { return broken_; }

 private:
  struct Handle;
  void serve();

  std::unique_ptr<Handle> handle_;
  std::atomic<bool> broken_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace connectors::targets::kafka
