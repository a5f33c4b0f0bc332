#include "test/engine/journal/disk/fault_vfs.h"

#include "test/engine/journal/disk/wrapping_vfs.h"

namespace engine::journal::test {
namespace {

Faults faults;

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  sqlite3_file* real = real_of(file);
  std::int64_t left = faults.writes_left.load();
  if (left == 0) {
    // A full disk takes what still fits.
    real->pMethods->xWrite(real, bytes, size / 2, offset);
    return faults.breaks.load() ? SQLITE_IOERR_WRITE : SQLITE_FULL;
  }
  if (left > 0) faults.writes_left.store(left - 1);
  faults.writes_done.fetch_add(1);
  return real->pMethods->xWrite(real, bytes, size, offset);
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  sqlite3_file* real = real_of(file);
  if (faults.reads_fail.load()) return SQLITE_IOERR_READ;
  return real->pMethods->xRead(real, bytes, size, offset);
}

/// A mapping would be read past this VFS: without one, SQLite reads.
int fetch(sqlite3_file* file, sqlite3_int64 offset, int size, void** bytes) {
  sqlite3_file* real = real_of(file);
  *bytes = nullptr;
  return faults.reads_fail.load() ? SQLITE_OK : real->pMethods->xFetch(real, offset, size, bytes);
}

int sync(sqlite3_file* file, int flags) {
  sqlite3_file* real = real_of(file);
  if (faults.sync_fails.load()) return SQLITE_IOERR_FSYNC;
  return faults.sync_skipped.load() ? SQLITE_OK : real->pMethods->xSync(real, flags);
}

const sqlite3_io_methods methods = [] {
  sqlite3_io_methods made = passing_methods();
  made.xRead = read;
  made.xFetch = fetch;
  made.xWrite = write;
  made.xSync = sync;
  return made;
}();

}  // namespace

Faults& fault_vfs() {
  [[maybe_unused]] static const bool registered = (register_wrapping_vfs(fault_vfs_name, methods), true);
  faults.writes_left = -1;
  faults.breaks = false;
  faults.sync_fails = false;
  faults.sync_skipped = false;
  faults.reads_fail = false;
  return faults;
}

}  // namespace engine::journal::test
