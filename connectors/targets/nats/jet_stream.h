// A connection to a NATS cluster and what is published over it: blocking to open, acknowledged from the library's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "connectors/targets/message/message.h"
#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::targets::nats {

/// One thread publishes. Every message is reported once, at the latest when this is destroyed.
class JetStream {
 public:
  using Reported = std::function<void(engine::model::CallAnswer)>;

  explicit JetStream(const engine::settings::TargetConnection& connection);
  ~JetStream();
  JetStream(const JetStream&) = delete;
  JetStream& operator=(const JetStream&) = delete;

  /// `repeated`: an earlier try may have been stored, longer ago than the stream remembers ids: its last message on the subject is
  /// looked at first.
  void publish(const Message& message, bool repeated, Reported reported);

 private:
  struct Open;
  /// None when it is connected, else what to answer.
  std::optional<engine::model::CallAnswer> connect();
  bool is_last_on_subject(const Message& message);

  engine::settings::TargetConnection connection_;
  std::unique_ptr<Open> open_;
};

}  // namespace connectors::targets::nats
