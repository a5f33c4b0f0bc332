// The token request of OAuth 2 (RFC 6749; RFC 7523 for assertions) and what its answer says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "connectors/http/auth/pass.h"
#include "engine/settings/connection_definition.h"

namespace connectors::http {

struct TokenAnswer {
  std::string access_token;
  std::string refresh_token;           ///< empty: the one that was sent stays
  std::optional<std::int64_t> life_ms;  ///< by `expires_in`
};

/// `refresh_token` is the one to use, of that grant only. Throws Error config_invalid for a key that cannot sign.
Exchange token_request(const engine::settings::OAuth2Auth& auth, const std::string& url,
                       const std::string& refresh_token, std::int64_t now_wall_ms);

std::variant<TokenAnswer, NotGranted> token_answer(const RawAnswer& raw);

/// Of a login's answer that is none: lost, 408, 425, 429 and 5xx may come right later; nullopt for any other.
std::optional<NotGranted> answered_later(const RawAnswer& raw, const std::string& what);

}  // namespace connectors::http
