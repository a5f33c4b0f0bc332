// The reference page of a target definition, as Markdown: made of the file itself, its comments included.
#pragma once

#include <string>

#include "engine/operate/targets/shelf.h"

namespace engine::operate {

std::string target_page(const ShelvedTarget& target);

}  // namespace engine::operate
