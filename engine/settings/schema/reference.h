// The reference of every key, as Markdown; printed from the declarations in keys.h.
#pragma once

#include <string>

namespace engine::settings {

std::string reference();

}  // namespace engine::settings
