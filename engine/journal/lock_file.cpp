#include "engine/journal/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "engine/base/error.h"

namespace engine::journal {
namespace {

std::string lock_path(const std::filesystem::path& journal) { return journal.string() + ".lock"; }

struct flock whole_file(short type) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  return range;
}

std::string holder_of(int file) {
  char text[32] = {};
  const ssize_t size = pread(file, text, sizeof text - 1, 0);
  std::string holder(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "unknown" : holder;
}

Error refused(const std::string& path, int cause) {
  const auto code = cause == ENOSPC || cause == EDQUOT ? ErrorCode::journal_full : ErrorCode::environment_missing;
  return Error(code, fmt::format("the lock file {} cannot be written: {}", path, std::strerror(cause)),
               {{"file", path}}, "The daemon's user must be able to write the folder of the journal.");
}

void write_pid(int file, const std::string& path) {
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(file, 0) != 0) throw refused(path, errno);
  const ssize_t written = pwrite(file, pid.data(), pid.size(), 0);
  if (written < 0) throw refused(path, errno);
}

}  // namespace

// Locks of the open file description: unlike flock they can be asked about without being taken, so that a reading verb
// never makes a starting daemon believe in a second one; unlike POSIX locks, closing another descriptor keeps them.
LockFile::LockFile(const std::filesystem::path& journal) {
  const std::string path = lock_path(journal);
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file_ < 0) throw refused(path, errno);
  struct flock range = whole_file(F_WRLCK);
  try {
    if (fcntl(file_, F_OFD_SETLK, &range) != 0) {
      if (errno != EAGAIN && errno != EACCES) throw refused(path, errno);
      const std::string holder = holder_of(file_);
      throw Error(ErrorCode::journal_locked,
                  fmt::format("the journal {} is in use by process {}", journal.string(), holder),
                  {{"journal", journal.string()}, {"pid", holder}},
                  "Only one daemon serves a journal: stop that one, or give this instance a journal of its own.");
    }
    write_pid(file_, path);
  } catch (...) {
    close(file_);
    throw;
  }
}

LockFile::~LockFile() { close(file_); }

bool LockFile::is_held(const std::filesystem::path& journal) {
  const int file = open(lock_path(journal).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno != ENOENT;
  struct flock range = whole_file(F_RDLCK);
  const bool known = fcntl(file, F_OFD_GETLK, &range) == 0;
  close(file);
  return !known || range.l_type != F_UNLCK;
}

}  // namespace engine::journal
