#include "connectors/targets/file/line_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "engine/base/whole_file.h"

namespace connectors::targets::file {

namespace {

/// A line is repeated right after the crash that lost its answer, so the youngest keys are enough.
constexpr std::size_t keys_max = 100'000;
constexpr off_t tail_bytes_max = 32'000'000;
constexpr off_t block_bytes = 65'536;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

std::string read_range(int file, off_t begin, off_t end) {
  std::string bytes(static_cast<std::size_t>(end - begin), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(file, bytes.data() + have, bytes.size() - have, begin + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

/// The key as `FileTarget` writes it: the line's first member, free of escapes.
std::string_view key_of(std::string_view line) {
  static constexpr std::string_view start = R"({"idempotency_key":")";
  if (!line.starts_with(start)) return {};
  line.remove_prefix(start.size());
  return line.substr(0, line.find('"'));
}

}  // namespace

LineFile::~LineFile() { close(); }

void LineFile::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

void LineFile::open() {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file_ < 0) fail("open " + path_);
  try {
    // Ends with the process, however it ends.
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) fail("another process writes " + path_);
    struct stat state {};
    if (::fstat(file_, &state) != 0) fail("stat " + path_);
    // At every opening: whoever made the file may have been killed before this.
    if (!engine::sync_folder_of(path_)) fail("sync the folder of " + path_);
    cut_torn_line(state.st_size);
    remember_keys();
  } catch (...) {
    close();
    throw;
  }
}

/// Rotated away, or written by somebody else: then what is known of it holds no more.
bool LineFile::was_replaced() const {
  struct stat ours {
  }, named{};
  if (::fstat(file_, &ours) != 0 || ::stat(path_.c_str(), &named) != 0) return true;
  return ours.st_ino != named.st_ino || ours.st_dev != named.st_dev || ours.st_size != size_;
}

/// Searched from the end: what a kill or a power cut left behind the last line break was never reported as written.
void LineFile::cut_torn_line(off_t size) {
  size_ = 0;
  for (off_t end = size; end > 0 && size_ == 0; end -= std::min(end, block_bytes)) {
    const off_t begin = std::max<off_t>(0, end - block_bytes);
    const std::size_t line_end = read_range(file_, begin, end).rfind('\n');
    if (line_end != std::string::npos) size_ = begin + static_cast<off_t>(line_end) + 1;
  }
  if (size_ != size && ::ftruncate(file_, size_) != 0) fail("truncate " + path_);
}

void LineFile::remember_keys() {
  keys_.clear();
  keys_by_age_.clear();
  const off_t begin = std::max<off_t>(0, size_ - tail_bytes_max);
  const std::string tail = read_range(file_, begin, size_);
  // In a tail the first line is probably not whole.
  std::size_t at = begin == 0 ? 0 : tail.find('\n') + 1;
  while (at < tail.size()) {
    const std::size_t end = std::min(tail.find('\n', at), tail.size());
    remember(key_of(std::string_view(tail).substr(at, end - at)));
    at = end + 1;
  }
}

/// The oldest is forgotten when there are too many.
void LineFile::remember(std::string_view key) {
  if (key.empty()) return;
  const auto [place, is_new] = keys_.emplace(key);
  if (!is_new) return;
  keys_by_age_.push_back(&*place);
  if (keys_by_age_.size() <= keys_max) return;
  keys_.erase(keys_.find(*keys_by_age_.front()));
  keys_by_age_.pop_front();
}

/// `size_` moves only when all is on disk.
void LineFile::write_all(std::string_view bytes) {
  off_t at = size_;
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write " + path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
  if (::fdatasync(file_) != 0) fail("sync " + path_);
  size_ = at;
}

void LineFile::append(std::span<Line> lines) {
  if (file_ >= 0 && was_replaced()) close();
  if (file_ < 0) open();
  std::string bytes;
  std::unordered_set<std::string_view> new_keys;
  for (Line& line : lines) {
    line.was_present =
        !line.key.empty() && (keys_.contains(std::string(line.key)) || !new_keys.insert(line.key).second);
    if (!line.was_present) bytes.append(line.text).append(1, '\n');
  }
  if (bytes.empty()) return;
  try {
    write_all(bytes);
  } catch (...) {
    // What was written of these lines must not be taken for theirs later: opening again looks at what the file holds.
    const int error = errno;
    if (::ftruncate(file_, size_) == 0) ::fdatasync(file_);
    close();
    errno = error;
    throw;
  }
  for (const Line& line : lines) remember(line.key);
}

}  // namespace connectors::targets::file
