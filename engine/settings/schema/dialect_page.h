// docs/dialects.md: every shipped dialect, and how far it was proved.
#pragma once

#include <filesystem>
#include <string>

namespace engine::settings {

/// The page over the dialects of a folder, by name. A file that cannot be read stands in it as such: shipped ones are tested.
std::string dialect_page(const std::filesystem::path& dialects);

}  // namespace engine::settings
