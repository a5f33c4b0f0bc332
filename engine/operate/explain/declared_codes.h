// The declarations, one list for each part of the program that finds them.
#pragma once

#include <span>

#include "engine/operate/explain.h"

namespace engine::operate {

// What the daemon does about most findings of a configuration.
inline constexpr std::string_view refuses_whole =
    "Refuses the configuration as a whole; nothing starts, and a daemon that runs goes on with the one it has.";
inline constexpr std::string_view only_warns = "Starts, and logs the warning.";
inline constexpr std::string_view not_looked_at = "Does not look: `check` finds this, a daemon that starts does not wait for it.";

std::span<const ExplainedCode> runtime_codes();        ///< engine::ErrorCode
std::span<const ExplainedCode> yaml_codes();           ///< the files of the instance
std::span<const ExplainedCode> relation_codes();       ///< pipelines among each other, and with their tables
std::span<const ExplainedCode> sql_codes();            ///< expressions
std::span<const ExplainedCode> live_codes();           ///< sources and targets as they are

}  // namespace engine::operate
