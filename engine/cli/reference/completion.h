// Completion of the command line for shells.
#pragma once

#include <string>

#include "engine/cli/reference/declared.h"

namespace engine::cli {

std::string bash_completion(const DeclaredVerb& program);
std::string zsh_completion(const DeclaredVerb& program);
std::string fish_completion(const DeclaredVerb& program);

}  // namespace engine::cli
