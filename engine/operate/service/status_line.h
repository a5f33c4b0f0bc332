// The one line that `systemctl status` shows for a running instance.
#pragma once

#include <string>

#include "engine/pipeline/live_status.h"

namespace engine::operate {

/// "12 tables, 3 pipelines, 2 targets", then what is not as it should be, the first few by name.
std::string status_line(const pipeline::LiveStatus& live);

}  // namespace engine::operate
