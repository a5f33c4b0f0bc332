#include "connectors/http/auth/oauth2_request.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

#include "connectors/http/answer/answer_json.h"
#include "connectors/http/answer/answer_text.h"
#include "connectors/http/answer/json_path.h"
#include "connectors/http/auth/jwt_signature.h"
#include "connectors/http/request/escapes.h"
#include "engine/base/text/base64.h"

namespace connectors::http {

namespace json = boost::json;
using engine::settings::OAuth2Auth;
using Grant = engine::settings::OAuth2Protocol::Grant;

namespace {

constexpr std::size_t reason_bytes = 300;
/// Salesforce takes assertions that end within five minutes.
constexpr std::int64_t assertion_life_s = 180;
constexpr std::int64_t life_s_max = 100LL * 365 * 86'400;

void append(std::string_view name, std::string_view value, std::string& form) {
  if (!form.empty()) form += '&';
  append_percent_encoded(name, form);
  form += '=';
  append_percent_encoded(value, form);
}

/// RFC 7523: who we are and whom we speak for, signed instead of a password.
std::string assertion(const OAuth2Auth& auth, const std::string& url, std::int64_t now_wall_ms) {
  const std::int64_t now_s = now_wall_ms / 1'000;
  const std::string& audience = auth.protocol.audience;
  const json::object claims{{"iss", auth.client_id},
                            {"sub", auth.user},
                            {"aud", audience.empty() ? url : audience},
                            {"iat", now_s},
                            {"exp", now_s + assertion_life_s}};
  const std::string text = base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(json::serialize(claims));
  return text + "." + base64url(rs256(auth.key.reveal(), text));
}

void append_grant(const OAuth2Auth& auth, const std::string& url, const std::string& refresh_token,
                  std::int64_t now_wall_ms, std::string& form) {
  switch (auth.protocol.grant) {
    case Grant::refresh_token:
      append("grant_type", "refresh_token", form);
      return append("refresh_token", refresh_token, form);
    case Grant::password:
      append("grant_type", "password", form);
      append("username", auth.user, form);
      return append("password", auth.password.reveal(), form);
    case Grant::jwt_bearer:
      append("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", form);
      return append("assertion", assertion(auth, url, now_wall_ms), form);
    case Grant::client_credentials:
    case Grant::none:
      append("grant_type", "client_credentials", form);
  }
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  append_percent_encoded(text, encoded);
  return encoded;
}

std::optional<json::value> parsed(const std::string& body) {
  boost::system::error_code error;
  json::value value = parsed_answer(body, error);
  return error || !value.is_object() ? std::nullopt : std::optional(std::move(value));
}

std::string member(const json::value& object, const char* name) {
  return scalar_text(object.get_object().if_contains(name));
}

/// RFC 6749, 5.2: `error` and `error_description`.
NotGranted refusal(const json::value* answer, int status) {
  const std::string error = answer == nullptr ? "" : member(*answer, "error");
  const bool later = error == "temporarily_unavailable" || error == "server_error" || error == "slow_down";
  std::string reason = fmt::format("the token request is refused: status {}", status);
  if (!error.empty()) reason += " " + error;
  const std::string about = answer == nullptr ? "" : member(*answer, "error_description");
  if (!about.empty()) reason += ": " + about;
  return {.reason = kept_text(reason, reason_bytes), .refused = !later, .status = status};
}

std::optional<std::int64_t> life_ms_of(const std::string& expires_in) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(expires_in.data(), expires_in.data() + expires_in.size(), seconds);
  const bool is_number = error == std::errc{} && end == expires_in.data() + expires_in.size();
  return is_number && seconds > 0 && seconds < life_s_max ? std::optional(seconds * 1'000) : std::nullopt;
}

}  // namespace

Exchange token_request(const OAuth2Auth& auth, const std::string& url, const std::string& refresh_token,
                       std::int64_t now_wall_ms) {
  Exchange exchange;
  exchange.method = "POST";
  exchange.url = url;
  exchange.headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
  append_grant(auth, url, refresh_token, now_wall_ms, exchange.body);
  const bool has_secret = !auth.client_secret.empty();
  if (auth.protocol.client_in_header.value_or(false) && has_secret) {
    // RFC 6749, 2.3.1: both are form-encoded before they are joined.
    const std::string pair = percent_encoded(auth.client_id) + ":" + percent_encoded(auth.client_secret.reveal());
    exchange.headers.push_back("Authorization: Basic " + engine::base64(pair));
  } else if (has_secret || auth.protocol.grant != Grant::jwt_bearer) {
    append("client_id", auth.client_id, exchange.body);
    if (has_secret) append("client_secret", auth.client_secret.reveal(), exchange.body);
  }
  if (!auth.protocol.scope.empty()) append("scope", auth.protocol.scope, exchange.body);
  for (const auto& [name, value] : auth.protocol.parameters) append(name, value, exchange.body);
  return exchange;
}

std::optional<NotGranted> answered_later(const RawAnswer& raw, const std::string& what) {
  if (!raw.failure.empty()) return NotGranted{.reason = fmt::format("{} got no answer: {}", what, kept_text(raw.failure, reason_bytes))};
  const int status = raw.status;
  const bool later = status == 408 || status == 425 || status == 429 || status >= 500;
  if (!later) return std::nullopt;
  return NotGranted{.reason = fmt::format("{} failed: status {}", what, status), .status = status};
}

std::variant<TokenAnswer, NotGranted> token_answer(const RawAnswer& raw) {
  if (auto later = answered_later(raw, "the token request")) return *std::move(later);
  const auto answer = parsed(raw.body);
  const bool is_success = raw.status >= 200 && raw.status < 300;
  if (!is_success || (answer && !member(*answer, "error").empty())) {
    return refusal(answer ? &*answer : nullptr, raw.status);
  }
  TokenAnswer tokens;
  if (answer) tokens.access_token = member(*answer, "access_token");
  // The body of a success may hold tokens under any name: it is not quoted.
  if (tokens.access_token.empty()) {
    return NotGranted{.reason = fmt::format("the token request got status {} and no access_token: is the token_url right?", raw.status),
                      .status = raw.status};
  }
  tokens.refresh_token = member(*answer, "refresh_token");
  tokens.life_ms = life_ms_of(member(*answer, "expires_in"));
  return tokens;
}

}  // namespace connectors::http
