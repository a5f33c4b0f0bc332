// One table's part of an assessment, from what was counted and what is there now. Pure.
#pragma once

#include "engine/operate/inspect/assess/assess.h"
#include "engine/operate/inspect/assess/findings.h"
#include "engine/operate/inspect/assess/tally.h"

namespace engine::operate {

/// The width of the slots that time is shown in: some dozens in all.
std::int64_t slot_for(std::int64_t ms);

/// Adds the table to `whole`, with its bursts and what of it would have been held. The times of `whole` are known.
void summarise(const WatchedTable& table, const TableTally& tally, const TableNow& now, bool hide_users, Assessment& whole);

/// When all tables are there.
void put_in_order(Assessment& whole);

}  // namespace engine::operate
