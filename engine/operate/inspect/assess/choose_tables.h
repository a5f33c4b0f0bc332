// Which tables of a connection are watched, and how often.
#pragma once

#include "engine/operate/inspect/assess/watch_plan.h"

namespace engine::operate {

/// All tables that were asked for, or all that have a key and are not too large, each as `inspect` would have it captured; less often where
/// all of them together would keep the database busy. What the instance declares about a table is taken from there. Throws source_*,
/// config_invalid when a table that was asked for is not there or none is left.
WatchPlan choose_tables(const settings::Instance& instance, const settings::SourceConnection& connection, const AssessOptions& options,
                        const StopSignal& stop);

/// `*` stands for any characters; letters count as equal whatever their case; a name without its schema fits, too. Pure.
bool is_named(const std::string& from, const std::string& pattern);

}  // namespace engine::operate
