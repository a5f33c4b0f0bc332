// Takes posts of a target: shows that we are the address it was told, refuses what it did not sign, and says 200 when the
// journal has it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/secret.h"
#include "engine/inbound/http_server.h"
#include "engine/journal/journal.h"

namespace engine::inbound {

/// One path that targets post to. Several connections may share it: a number is one connection's.
struct WebhookPlace {
  Secret verify_token;
  Secret app_secret;
  std::map<std::string, std::string> connections;  ///< by the phone number id whose events are theirs
};

/// `answer` is called on the server's thread alone; what was committed is answered on the journal's.
class Webhook {
 public:
  using Respond = HttpServer::Respond;

  /// `settled` is called from the journal's thread when a post decided a delivery: whoever waits behind it may go on.
  Webhook(std::map<std::string, WebhookPlace> places, journal::Journal& journal, const Clock& clock,
          std::function<void()> settled);

  /// GET: the handshake, 200 with the challenge or 403. POST: 401 without a valid signature, 400 for what is no JSON, 200
  /// after the commit, 503 when the journal cannot take it. 404 elsewhere.
  void answer(const HttpRequest& request, Respond respond);

  /// What Meta sends at most (documented).
  static constexpr std::size_t body_bytes_max = 3 << 20;

 private:
  void warn_unsigned(const std::string& path);
  void take(const WebhookPlace& place, const std::string& path, const HttpRequest& request, Respond respond);

  std::map<std::string, WebhookPlace> places_;
  journal::Journal& journal_;
  const Clock& clock_;
  std::function<void()> settled_;
  std::optional<std::int64_t> warned_ms_;  ///< steady: whoever posts rubbish does not fill the log
};

}  // namespace engine::inbound
