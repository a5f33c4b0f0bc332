// How the requests of one connection prove who sends them, whatever its `auth:` says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/http/auth/pass_keeper.h"
#include "connectors/http/plan.h"
#include "engine/settings/connection_definition.h"

namespace connectors::http {

/// What every request carries from the start: a bearer, basic or header credential, as "Name: value". Throws Error
/// config_invalid for what no header can hold.
std::vector<std::string> fixed_headers(const engine::settings::Auth& auth);

/// A pass without a login, where the credentials themselves join the requests; else null.
std::shared_ptr<const Pass> fixed_pass(const engine::settings::TargetConnection& connection, const TargetPlan& plan);

/// Sessions and tokens; null where there is no login. `plan`, `wire` and `clock` outlive it.
std::unique_ptr<PassKeeper> make_pass_keeper(const engine::settings::TargetConnection& connection, const TargetPlan& plan,
                                             const std::string& base_url, Wire& wire, const engine::Clock& clock);

}  // namespace connectors::http
