// Files that are there whole or not at all, whatever happens meanwhile.
#pragma once

#include <filesystem>
#include <string_view>

namespace engine {

/// Gives `path` another text: written beside it, synced and renamed, so that a crash leaves the old text or the new one. Keeps the mode
/// and, as far as it may, the owner; of a link what it leads to. Throws std::system_error, and then the old text is there.
void replace_file(const std::filesystem::path& path, std::string_view text);

/// A name that is new in its folder survives a power cut only after this. False: the disk failed, `errno` says how. A folder that cannot
/// be opened or synced at all is no failure.
bool sync_folder_of(const std::filesystem::path& path);

}  // namespace engine
