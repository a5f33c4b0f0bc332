// A change as a message of a stream: where it goes, its key, its value. What `nats`, `kafka` and `file` have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace connectors::targets {

/// All that goes over the wire; `request_text` is the same as text.
struct Message : engine::model::ReadyRequest {
  std::string subject;               ///< or topic
  std::string id;                    ///< idempotency key
  std::string operation;             ///< "upsert", "delete"
  std::string key;                   ///< JSON of the match: messages of one record are in order
  std::optional<std::string> value;  ///< JSON; none: the record is gone
};

/// Puts {object}, {pipeline}, {match} (the only match value) and {match.x} into subjects and topics. Values lose what has a
/// meaning there: all but letters, digits, '-' and '_' is written as =XX.
class SubjectTemplate {
 public:
  /// Throws Error config_invalid for a placeholder that does not exist.
  explicit SubjectTemplate(std::string text);
  /// Throws Error config_invalid when the call lacks a value.
  std::string of(const engine::model::Call& call) const;
  bool names_pipeline() const { return text_.find("{pipeline}") != std::string::npos; }

 private:
  std::string text_;
};

/// {"code":"C001"}
std::string message_key(const engine::model::Call& call);
/// What the message says. Plain: the fields, and nothing of a delete. Debezium: before, after, source, op, ts_ms.
std::optional<std::string> message_value(const engine::model::Call& call, bool debezium);

Message message_of(const engine::model::Call& call, const SubjectTemplate& subject, bool debezium);
/// {"subject":…,"id":…,"op":…,"key":{…},"value":{…}}
std::string request_text(const Message& message);
/// Of what `request_text` wrote, and nothing else.
Message read_message(std::string_view request);

/// What such targets offer: each record by its key, again and again.
engine::model::ObjectTraits message_traits(bool keyed, bool wants_origin);

}  // namespace connectors::targets
