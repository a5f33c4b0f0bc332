// Where targets post to: `listen: { webhooks: … }` of a running instance.
#pragma once

#include <functional>
#include <memory>

#include "engine/base/clock.h"
#include "engine/inbound/http_server.h"
#include "engine/inbound/webhook/webhook.h"
#include "engine/journal/journal.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

class WebhookEndpoint {
 public:
  /// Listens at the address of the instance, which has one. `settled`: see Webhook. Throws environment_missing when the
  /// address can't be bound.
  WebhookEndpoint(const settings::Instance& instance, journal::Journal& journal, const Clock& clock,
                  std::function<void()> settled);

 private:
  inbound::Webhook webhook_;
  inbound::HttpServer server_;  ///< ends first
};

/// Null when the instance names no address.
std::unique_ptr<WebhookEndpoint> serve_webhooks(const settings::Instance& instance, journal::Journal& journal,
                                                const Clock& clock, std::function<void()> settled);

}  // namespace engine::pipeline
