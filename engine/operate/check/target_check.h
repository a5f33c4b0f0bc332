// A target against the pipelines that write to it: reach and credentials, by a look-up that changes nothing.
#pragma once

#include "engine/operate/check.h"

namespace engine::operate {

struct TargetFindings {
  settings::Diagnostics diagnostics;
  ConnectionCheck connection;
};

/// Compiles the definition's templates; then, where `options` allow, asks the target for a record that is not there. A definition without
/// a look-up is only connected to: whether its credentials hold, the first delivery says.
TargetFindings check_target(const settings::Instance& instance, const settings::TargetConnection& connection, const CheckOptions& options);

}  // namespace engine::operate
