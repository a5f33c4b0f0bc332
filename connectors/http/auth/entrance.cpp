#include "connectors/http/auth/entrance.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/http/auth/oauth2_login.h"
#include "connectors/http/auth/session_login.h"
#include "engine/base/text/base64.h"
#include "engine/base/error.h"
#include "engine/base/text/header_text.h"

namespace connectors::http {

using namespace engine::settings;

namespace {

std::string header_line(const std::string& name, const std::string& value) {
  if (!engine::is_header_name(name) || !engine::is_header_value(value)) {
    throw engine::Error(engine::ErrorCode::config_invalid, fmt::format("the header '{}' holds a line break, or what else no header can hold", name));
  }
  return name + ": " + value;
}

/// Bodies may ask for {auth.x}: only the definition's own way in has such values. (A rehearsal has none, and shows them.)
void demand_values(const TargetConnection& connection, const TargetPlan& plan) {
  const AuthDefinition& auth = connection.target.auth;
  const bool has_values = std::holds_alternative<CredentialsAuth>(connection.auth);
  if (std::holds_alternative<NoAuth>(connection.auth)) return;
  const auto is_known = [&](const std::string& name) {
    return auth.credentials.contains(name) || auth.derive.contains(name) ||
           std::any_of(auth.login.begin(), auth.login.end(), [&](const LoginRequest& login) { return login.keep.contains(name); });
  };
  for (const auto& [object_name, object] : plan.objects) {
    for (const auto& [kind, call] : object.calls) {
      for (const std::string& name : call.request.auth_names()) {
        if (has_values && is_known(name)) continue;
        throw engine::Error(engine::ErrorCode::config_invalid,
                            fmt::format("'{}' of '{}' needs {{auth.{}}}, which {}", name_of(kind), object_name, name,
                                        has_values ? "its login does not give" : "only auth: { credentials: … } gives"),
                            {{"file", connection.origin.text()}});
      }
    }
  }
}

}  // namespace

std::vector<std::string> fixed_headers(const Auth& auth) {
  if (const auto* bearer = std::get_if<BearerAuth>(&auth)) {
    return {header_line("Authorization", "Bearer " + bearer->token.reveal())};
  }
  if (const auto* basic = std::get_if<BasicAuth>(&auth)) {
    const std::string pair = engine::base64(basic->user + ":" + basic->password.reveal());
    // The pair is encoded as one: the password's own forms do not show in it.
    engine::remember_secret(pair);
    return {header_line("Authorization", "Basic " + pair)};
  }
  if (const auto* header = std::get_if<HeaderAuth>(&auth)) return {header_line(header->header, header->value.reveal())};
  return {};
}

std::shared_ptr<const Pass> fixed_pass(const TargetConnection& connection, const TargetPlan& plan) {
  demand_values(connection, plan);
  if (const auto* query = std::get_if<QueryAuth>(&connection.auth)) {
    auto pass = std::make_shared<Pass>();
    append_percent_encoded(query->parameter, pass->query);
    pass->query += '=';
    append_percent_encoded(query->value.reveal(), pass->query);
    return pass;
  }
  const auto* credentials = std::get_if<CredentialsAuth>(&connection.auth);
  if (credentials == nullptr || !connection.target.auth.login.empty()) return nullptr;
  /// Without requests a login ends before `run` returns, and needs no wire.
  struct NoWire final : Wire {
    void submit(Exchange exchange) override { exchange.answered({}); }
    void stop() override {}
  } no_wire;
  LoginResult result;
  make_session_login(connection, *credentials, "", plan)->run(no_wire, nullptr, [&result](LoginResult made) { result = std::move(made); });
  if (const auto* refused = std::get_if<NotGranted>(&result)) {
    throw engine::Error(engine::ErrorCode::config_invalid, refused->reason, {{"file", connection.origin.text()}});
  }
  return std::get<Granted>(result).pass;
}

std::unique_ptr<PassKeeper> make_pass_keeper(const TargetConnection& connection, const TargetPlan& plan,
                                             const std::string& base_url, Wire& wire, const engine::Clock& clock) {
  std::unique_ptr<Login> login;
  std::int64_t idle_ms = 0;
  if (const auto* oauth2 = std::get_if<OAuth2Auth>(&connection.auth)) {
    login = make_oauth2_login(connection, *oauth2, base_url, clock);
  }
  const auto* credentials = std::get_if<CredentialsAuth>(&connection.auth);
  if (credentials != nullptr && !connection.target.auth.login.empty()) {
    login = make_session_login(connection, *credentials, base_url, plan);
    idle_ms = connection.target.auth.idle_ms;
  }
  return login ? std::make_unique<PassKeeper>(std::move(login), wire, clock, idle_ms) : nullptr;
}

}  // namespace connectors::http
