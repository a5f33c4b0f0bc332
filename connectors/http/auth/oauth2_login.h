// OAuth 2: one request for an access token; of the refresh_token grant with tokens that outlive the process.
#pragma once

#include <memory>
#include <string>

#include "connectors/http/auth/pass.h"
#include "engine/base/clock.h"
#include "engine/settings/connection_definition.h"

namespace connectors::http {

/// Rotating refresh tokens: the newer one is on disk before the access token that came with it is used, so that a kill
/// loses at most an answer that nobody saw. Another process renews meanwhile: its tokens are taken over. Throws Error
/// config_invalid for a `token_key` that is too short.
std::unique_ptr<Login> make_oauth2_login(const engine::settings::TargetConnection& connection,
                                         const engine::settings::OAuth2Auth& auth, const std::string& base_url,
                                         const engine::Clock& clock);

}  // namespace connectors::http
