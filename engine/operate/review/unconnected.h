// Targets that make requests and cannot send them, and the requests as people see them: for what is only looked at.
#pragma once

#include <memory>
#include <string>

#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace engine::operate {

/// Has no wire, and sends nothing. Throws config_invalid for a target that cannot work.
std::unique_ptr<model::Target> unconnected(const settings::TargetConnection& connection);

/// As it would leave, but for what joins it in `send`: credentials. Secrets are masked.
struct ShownRequest {
  std::string method;  ///< empty: none, or none of HTTP
  std::string url;
  std::string body;
};
ShownRequest shown_request(const settings::TargetConnection& connection, const std::string& frozen);

}  // namespace engine::operate
