#include "engine/journal/delivery/conversations.h"

#include <algorithm>

#include "engine/journal/connection.h"

namespace engine::journal {

std::string party_of(std::string_view name) {
  static constexpr std::string_view between = "+ -().";
  std::string digits;
  for (const char c : name) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (between.find(c) == std::string_view::npos) {
      return std::string(name);
    }
  }
  return digits.empty() ? std::string(name) : digits;
}

bool Conversations::keep(const InboundMessage& message) {
  Statement insert = connection_.prepare(
      "INSERT INTO inbound_message (connection, message_id, sender, kind, message, sent_ms, received_ms) "
      "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection, message_id) DO NOTHING");
  insert.bind(1, message.connection).bind(2, message.message_id).bind(3, message.sender).bind(4, message.kind);
  insert.bind(5, message.message).bind(6, message.sent_ms).bind(7, message.received_ms).run();
  return connection_.changes() > 0;
}

void Conversations::heard(const std::string& connection, const std::string& party, std::int64_t at_ms) {
  Statement upsert = connection_.prepare(
      "INSERT INTO conversation (connection, party, heard_ms) VALUES (?, ?, ?) "
      "ON CONFLICT (connection, party) DO UPDATE SET heard_ms = max(heard_ms, excluded.heard_ms)");
  upsert.bind(1, connection).bind(2, party).bind(3, at_ms).run();
}

std::optional<std::int64_t> Conversations::last_heard_ms(const std::string& connection, const std::string& party) {
  Statement row = connection_.prepare("SELECT heard_ms FROM conversation WHERE connection = ? AND party = ?");
  if (!row.bind(1, connection).bind(2, party).step()) return std::nullopt;
  return row.integer(0);
}

void Conversations::close(const std::string& connection, const std::string& party) {
  connection_.prepare("DELETE FROM conversation WHERE connection = ? AND party = ?")
      .bind(1, connection)
      .bind(2, party)
      .run();
}

}  // namespace engine::journal
