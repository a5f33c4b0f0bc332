#include "engine/pipeline/webhook_endpoint.h"

#include "engine/base/log.h"

namespace engine::pipeline {

namespace {

/// The option by which the posts of WhatsApp tell whose number they speak of.
constexpr const char* number_option = "phone_number_id";

std::map<std::string, inbound::WebhookPlace> places_of(const settings::Instance& instance) {
  std::map<std::string, inbound::WebhookPlace> places;
  for (const auto& [name, connection] : instance.targets) {
    if (!connection.webhook) continue;
    inbound::WebhookPlace& place = places[connection.webhook->path];
    place.verify_token = connection.webhook->verify_token;
    place.app_secret = connection.webhook->app_secret;
    const auto number = connection.options.find(number_option);
    if (number != connection.options.end()) place.connections.emplace(number->second, name);
  }
  return places;
}

}  // namespace

WebhookEndpoint::WebhookEndpoint(const settings::Instance& instance, journal::Journal& journal, const Clock& clock,
                                 std::function<void()> settled)
    : webhook_(places_of(instance), journal, clock, std::move(settled)),
      server_(
          instance.webhooks->host, instance.webhooks->port,
          [this](const inbound::HttpRequest& request, inbound::HttpServer::Respond respond) {
            webhook_.answer(request, std::move(respond));
          },
          inbound::Webhook::body_bytes_max) {
  log_event(LogLevel::info, "webhooks.listening",
            {{"host", instance.webhooks->host}, {"port", std::to_string(server_.port())}});
}

std::unique_ptr<WebhookEndpoint> serve_webhooks(const settings::Instance& instance, journal::Journal& journal,
                                                const Clock& clock, std::function<void()> settled) {
  if (!instance.webhooks) return nullptr;
  return std::make_unique<WebhookEndpoint>(instance, journal, clock, std::move(settled));
}

}  // namespace engine::pipeline
