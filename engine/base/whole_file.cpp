#include "engine/base/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace engine {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path) { throw std::system_error(errno, std::generic_category(), "write " + path.string()); }

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Whoever edits as root must not take a file away from the user whose it is.
void look_like(const std::filesystem::path& path, int file) {
  struct stat old {};
  if (stat(path.c_str(), &old) != 0) return;
  [[maybe_unused]] const int owned = fchown(file, old.st_uid, old.st_gid);
  fchmod(file, old.st_mode & 07777);
}

}  // namespace

void replace_file(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path real = std::filesystem::weakly_canonical(path);
  std::string fresh = real.string() + ".XXXXXX";
  const int file = mkostemp(fresh.data(), O_CLOEXEC);
  if (file < 0) fail(path);
  look_like(real, file);
  const bool written = write_all(file, text) && fsync(file) == 0;
  const int cause = errno;
  close(file);
  errno = cause;
  if (written && rename(fresh.c_str(), real.c_str()) == 0) {
    sync_folder_of(real);
    return;
  }
  const int why = errno;
  unlink(fresh.c_str());
  errno = why;
  fail(path);
}

bool sync_folder_of(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return true;
  const bool failed = fsync(file) != 0 && errno != EINVAL && errno != EROFS;
  const int cause = errno;
  close(file);
  errno = cause;
  return !failed;
}

}  // namespace engine
