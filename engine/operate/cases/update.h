// `test --update`: what came becomes what is expected.
#pragma once

#include <filesystem>
#include <span>

#include "engine/operate/cases/remote.h"

namespace engine::operate {

/// Rewrites the `requests:` of a case file, and nothing else in it. Throws Error config_invalid where that would lose something: a
/// comment inside the list, or a list that shares its line with other keys.
void update_requests(const std::filesystem::path& file, std::span<const SentRequest> came);

}  // namespace engine::operate
