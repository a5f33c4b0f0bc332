// An odbc target against the pipelines that write to it: are their tables there, and have they the columns that are written?
#pragma once

#include "engine/operate/check/target_check.h"

namespace engine::operate {

/// Connects, reads the description of each table and changes nothing.
void check_database(const settings::Instance& instance, const settings::TargetConnection& connection, TargetFindings& found);

}  // namespace engine::operate
