// A login as data: the requests of a definition's `auth.login`, and what joins later requests.
#pragma once

#include <memory>
#include <string>

#include "connectors/http/auth/pass.h"
#include "connectors/http/plan.h"
#include "engine/settings/connection_definition.h"

namespace connectors::http {

/// Throws Error config_invalid, with the place in the YAML, for everything that cannot work. `plan` outlives it.
std::unique_ptr<Login> make_session_login(const engine::settings::TargetConnection& connection,
                                          const engine::settings::CredentialsAuth& auth, const std::string& base_url,
                                          const TargetPlan& plan);

}  // namespace connectors::http
