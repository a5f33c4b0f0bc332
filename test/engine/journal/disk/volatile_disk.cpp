#include "test/engine/journal/disk/volatile_disk.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <utility>

#include "engine/base/error.h"
#include "test/engine/journal/disk/wrapping_vfs.h"

namespace engine::journal::test {
namespace {

// What a drive writes as one. That less than a page is torn is what SQLite's checksums in the WAL are for.
constexpr std::int64_t sector = 512;

/// What the disk itself holds of a file where that is not what was written.
struct Unsynced {
  std::map<std::int64_t, std::string> sectors;  ///< as they were at the last sync, by number; short or empty: behind its end
};

struct Disk {
  std::mutex mutex;
  bool on = false;
  int one_in = 0;
  std::mt19937 random;
  std::filesystem::path journal;
  std::function<int()> acknowledged;
  std::map<std::string, Unsynced> files;
  std::vector<Remains> remains;
};

Disk& disk() {
  static Disk one;
  return one;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return (std::ostringstream() << file.rdbuf()).str();
}

/// Each sector that was not synced is there or not.
std::string remaining(Disk& state, const std::string& path) {
  std::string bytes = read_file(path);
  for (const auto& [number, before] : state.files[path].sectors) {
    if (state.random() % 2 == 0) continue;
    const auto at = static_cast<std::size_t>(number * sector);
    if (bytes.size() < at + before.size()) bytes.resize(at + before.size(), '\0');
    std::ranges::copy(before, bytes.begin() + static_cast<std::ptrdiff_t>(at));
    const std::size_t end = std::min(bytes.size(), at + static_cast<std::size_t>(sector));
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at + before.size()), bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
  }
  return bytes;
}

Remains cut(Disk& state) {
  // Counted first: what is acknowledged during the cut need not be there.
  const int acknowledged = state.acknowledged();
  return {remaining(state, state.journal.string()), remaining(state, state.journal.string() + "-wal"), acknowledged};
}

void maybe_cut(Disk& state) {
  if (state.random() % static_cast<unsigned>(state.one_in) == 0) state.remains.push_back(cut(state));
}

/// What the range holds is what a cut may leave of it, unless an older state is remembered.
void remember(Disk& state, WrappedFile& file, std::int64_t offset, std::int64_t size) {
  sqlite3_int64 end = 0;
  file.real->pMethods->xFileSize(file.real, &end);
  auto& sectors = state.files[file.name].sectors;
  for (std::int64_t number = offset / sector; number * sector < offset + size; ++number) {
    if (sectors.contains(number)) continue;
    std::string before(static_cast<std::size_t>(std::clamp<std::int64_t>(end - number * sector, 0, sector)), '\0');
    if (!before.empty()) file.real->pMethods->xRead(file.real, before.data(), static_cast<int>(before.size()), number * sector);
    sectors.emplace(number, std::move(before));
  }
}

int write(sqlite3_file* given, const void* bytes, int size, sqlite3_int64 offset) {
  WrappedFile& file = wrapped(given);
  Disk& state = disk();
  const std::lock_guard lock(state.mutex);
  if (!state.on || file.name == nullptr) return file.real->pMethods->xWrite(file.real, bytes, size, offset);
  remember(state, file, offset, size);
  const int result = file.real->pMethods->xWrite(file.real, bytes, size, offset);
  maybe_cut(state);
  return result;
}

int truncate(sqlite3_file* given, sqlite3_int64 size) {
  WrappedFile& file = wrapped(given);
  Disk& state = disk();
  const std::lock_guard lock(state.mutex);
  sqlite3_int64 end = 0;
  file.real->pMethods->xFileSize(file.real, &end);
  if (state.on && file.name != nullptr && size < end) remember(state, file, size, end - size);
  return file.real->pMethods->xTruncate(file.real, size);
}

int sync(sqlite3_file* given, int flags) {
  WrappedFile& file = wrapped(given);
  Disk& state = disk();
  const std::lock_guard lock(state.mutex);
  if (!state.on || file.name == nullptr) return file.real->pMethods->xSync(file.real, flags);
  state.files[file.name].sectors.clear();
  maybe_cut(state);
  return SQLITE_OK;
}

const sqlite3_io_methods methods = [] {
  sqlite3_io_methods made = passing_methods();
  made.xWrite = write;
  made.xTruncate = truncate;
  made.xSync = sync;
  return made;
}();

}  // namespace

void Remains::lay_out(const std::filesystem::path& journal) const {
  std::ofstream(journal, std::ios::binary) << database;
  std::ofstream(journal.string() + "-wal", std::ios::binary) << wal;
}

PowerCuts::PowerCuts(std::filesystem::path journal, unsigned seed, int one_in, std::function<int()> acknowledged) {
  [[maybe_unused]] static const bool registered = (register_wrapping_vfs(volatile_disk_name, methods), true);
  Disk& state = disk();
  const std::lock_guard lock(state.mutex);
  ENGINE_ASSERT(!state.on);
  state.on = true;
  state.one_in = one_in;
  state.random.seed(seed);
  state.journal = std::move(journal);
  state.acknowledged = std::move(acknowledged);
  state.files.clear();
  state.remains.clear();
}

PowerCuts::~PowerCuts() {
  Disk& state = disk();
  const std::lock_guard lock(state.mutex);
  state.on = false;
}

Remains PowerCuts::cut_now() {
  const std::lock_guard lock(disk().mutex);
  return cut(disk());
}

std::vector<Remains> PowerCuts::take() {
  const std::lock_guard lock(disk().mutex);
  return std::exchange(disk().remains, {});
}

}  // namespace engine::journal::test
