// The check of a regular expression before any row comes.
#pragma once

#include <string>
#include <string_view>

namespace engine::map {

/// Empty when ICU takes the pattern, else ICU's name for what is wrong.
std::string regex_problem(std::string_view pattern);

}  // namespace engine::map
