// What a post of the WhatsApp Cloud API says: messages of people, and what became of ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/journal/delivery/conversations.h"
#include "engine/journal/delivery/reports.h"

namespace engine::inbound {

/// Of one business phone number. The names of connections are still empty.
struct NumberEvents {
  std::string phone_number_id;
  std::vector<journal::Report> reports;
  std::vector<journal::InboundMessage> messages;
  /// Who may be written to freely from when on: everybody who wrote, and whoever a report says it of.
  struct Heard {
    std::string party;
    std::int64_t at_ms = 0;
  };
  std::vector<Heard> heard;
  std::vector<std::string> closed;  ///< parties of whom a report says that they did not write lately
};

/// Nullopt when it is no JSON object. What is not known (a new field, another kind of entry) is left out: a post that is
/// refused comes again for a week. A time in the future is taken for now.
std::optional<std::vector<NumberEvents>> whatsapp_events(std::string_view body, std::int64_t now_ms);

}  // namespace engine::inbound
