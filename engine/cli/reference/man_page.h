// A manual page of the program or of one verb, in the language of man(7).
#pragma once

#include <string>

#include "engine/cli/reference/declared.h"

namespace engine::cli {

/// The file it belongs in: "datapicker-dead-letters.1".
std::string man_page_name(const DeclaredVerb& verb);
std::string man_page(const DeclaredVerb& verb, const std::string& version);

}  // namespace engine::cli
