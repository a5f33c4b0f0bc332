// What an answer proved is remembered: gathered in the job, committed with its next write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/deliver/job.h"

namespace engine::deliver {

/// The record holds these fields now (flat JSON; none: not known), or is gone.
void remember_sent(Job& job, std::optional<std::string> fields, bool live, std::int64_t now_ms);

/// After `remember_sent`: the id that the record has under its match value.
void remember_remote_id(Job& job, const std::optional<std::string>& remote_id);

/// The last write may or may not have been applied (rule 8).
void mark_sent_unknown(Job& job, std::int64_t now_ms);

}  // namespace engine::deliver
