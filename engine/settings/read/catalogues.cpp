#include <cstdlib>

#include "engine/base/error.h"
#include "engine/settings/instance.h"

namespace engine::settings {

namespace fs = std::filesystem;

/// Where DATAPICKER_SHARE says; else beside the binary that was installed; else in the sources it was built from.
Catalogues find_catalogues() {
  if (const char* share = std::getenv("DATAPICKER_SHARE")) {
    return {fs::path(share) / "dialects", fs::path(share) / "targets"};
  }
  std::error_code unreadable;
  const fs::path binary = fs::read_symlink("/proc/self/exe", unreadable);
  const fs::path installed = binary.parent_path().parent_path() / "share" / "datapicker";
  if (!unreadable && fs::is_directory(installed / "dialects")) return {installed / "dialects", installed / "targets"};
  const fs::path sources = DATAPICKER_SOURCE_DIR;
  if (!fs::is_directory(sources / "config" / "dialects")) {
    throw Error(ErrorCode::environment_missing, "the shipped dialects and targets are not found",
                {{"looked in", installed.string()}, {"and in", sources.string()}},
                "set DATAPICKER_SHARE to the folder that holds dialects/ and targets/");
  }
  return {sources / "config" / "dialects", sources / "connectors" / "targets"};
}

}  // namespace engine::settings
