// What people write to us, and until when each may be written to freely.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine::journal {

class Connection;

struct InboundMessage {
  std::string connection;
  std::string message_id;  ///< the sender's: seen twice, it is the same
  std::string sender;      ///< a phone number as digits, or another name the target has for a person
  std::string kind;        ///< text, image, button, …
  std::string message;     ///< JSON, as it came
  std::int64_t sent_ms = 0;
  std::int64_t received_ms = 0;
};

/// "+39 333 1234567" and "393331234567" are one person: the digits of a number; any other name as it is.
std::string party_of(std::string_view name);

class Conversations {
 public:
  explicit Conversations(Connection& connection) : connection_(connection) {}

  /// False for one that is known.
  bool keep(const InboundMessage& message);
  /// The person wrote or called at this time: what may be sent freely counts from the last.
  void heard(const std::string& connection, const std::string& party, std::int64_t at_ms);
  std::optional<std::int64_t> last_heard_ms(const std::string& connection, const std::string& party);
  /// The target says that the person was not heard lately.
  void close(const std::string& connection, const std::string& party);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
