// A post that anybody may send to the daemon's open port.
#include <string>

#include "engine/inbound/webhook/signature.h"
#include "engine/inbound/webhook/whatsapp_events.h"
#include "test/fuzz/fuzzed.h"

/// The signature's header, and behind a zero byte the body.
void fuzz::take(std::string_view input) {
  constexpr std::int64_t now_ms = 1'800'000'000'000;
  const std::string_view header = next_part(input);
  demand(!engine::inbound::is_signed(input, header, "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0"), "nobody guesses a signature");
  const auto events = engine::inbound::whatsapp_events(input, now_ms);
  if (!events) return;
  for (const auto& number : *events) {
    for (const auto& heard : number.heard) {
      demand(!heard.party.empty(), "somebody wrote");
      demand(heard.at_ms <= now_ms, "nobody wrote tomorrow");
    }
    for (const auto& message : number.messages) demand(message.sent_ms <= now_ms, "no message is of tomorrow");
  }
}
