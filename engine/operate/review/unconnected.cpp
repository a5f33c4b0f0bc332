#include "engine/operate/review/unconnected.h"

#include <boost/json.hpp>

#include "connectors/catalog/catalog.h"
#include "connectors/http/http_target.h"
#include "engine/base/secret.h"
#include "engine/settings/target/built_in.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

/// Requests are made, and cannot leave: there is no wire.
class NoWire final : public connectors::http::Wire {
 public:
  void submit(connectors::http::Exchange exchange) override { exchange.answered({.failure = "a preview sends nothing"}); }
  void stop() override {}
};

}  // namespace

// A target that is code sends nothing before it is told to, and nobody tells it here.
std::unique_ptr<model::Target> unconnected(const settings::TargetConnection& connection) {
  if (settings::is_built_in(connection.target.name)) return connectors::catalog::make_target(connection);
  return connectors::http::make_http_target(connectors::http::without_credentials(connection), [](const connectors::http::WireOptions&) { return std::make_unique<NoWire>(); });
}

ShownRequest shown_request(const settings::TargetConnection& connection, const std::string& frozen) {
  const json::value request = json::parse(frozen);
  const json::object* object = request.if_object();
  if (object == nullptr || !object->contains("method")) return {.body = redact(frozen)};
  return {.method = std::string(object->at("method").as_string()),
          .url = redact(connection.url + std::string(object->at("url").as_string())),
          .body = redact(std::string(object->at("body").as_string()))};
}

}  // namespace engine::operate
