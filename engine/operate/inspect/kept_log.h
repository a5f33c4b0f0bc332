// Logs that the database keeps by itself, as ways to follow a table: what each asks for, and how long it remembers.
#pragma once

#include <string>
#include <vector>

#include "engine/operate/inspect/look.h"

namespace engine::operate {

/// For a table with a key. Where the table is followed by such a log already, also how far its reading is behind, and when its place may be lost. What keeps a log
/// from being used is told, not thrown.
std::vector<std::string> tell_kept_logs(Look& look, const settings::Instance& instance, const TableInspection& table);

}  // namespace engine::operate
