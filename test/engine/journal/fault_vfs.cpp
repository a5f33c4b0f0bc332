#include "test/engine/journal/fault_vfs.h"

#include <sqlite3.h>

#include "engine/base/error.h"

namespace engine::journal::test {
namespace {

Faults faults;

struct FaultFile {
  sqlite3_file base;
  sqlite3_file* real;  ///< follows in the same allocation
};

sqlite3_file* real_of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file)->real; }

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  sqlite3_file* real = real_of(file);
  std::int64_t left = faults.writes_left.load();
  if (left == 0) {
    // A full disk takes what still fits.
    real->pMethods->xWrite(real, bytes, size / 2, offset);
    return SQLITE_FULL;
  }
  if (left > 0) faults.writes_left.store(left - 1);
  faults.writes_done.fetch_add(1);
  return real->pMethods->xWrite(real, bytes, size, offset);
}

int sync(sqlite3_file* file, int flags) {
  sqlite3_file* real = real_of(file);
  if (faults.sync_fails.load()) return SQLITE_IOERR_FSYNC;
  return real->pMethods->xSync(real, flags);
}

/// Methods that pass on to the real file's.
template <auto Method, typename... Arguments>
int pass(sqlite3_file* file, Arguments... arguments) {
  sqlite3_file* real = real_of(file);
  return (real->pMethods->*Method)(real, arguments...);
}

void barrier(sqlite3_file* file) {
  sqlite3_file* real = real_of(file);
  real->pMethods->xShmBarrier(real);
}

using Methods = sqlite3_io_methods;
const Methods methods{
    3,
    pass<&Methods::xClose>,
    pass<&Methods::xRead, void*, int, sqlite3_int64>,
    write,
    pass<&Methods::xTruncate, sqlite3_int64>,
    sync,
    pass<&Methods::xFileSize, sqlite3_int64*>,
    pass<&Methods::xLock, int>,
    pass<&Methods::xUnlock, int>,
    pass<&Methods::xCheckReservedLock, int*>,
    pass<&Methods::xFileControl, int, void*>,
    pass<&Methods::xSectorSize>,
    pass<&Methods::xDeviceCharacteristics>,
    pass<&Methods::xShmMap, int, int, int, void volatile**>,
    pass<&Methods::xShmLock, int, int, int>,
    barrier,
    pass<&Methods::xShmUnmap, int>,
    pass<&Methods::xFetch, sqlite3_int64, int, void**>,
    pass<&Methods::xUnfetch, sqlite3_int64, void*>,
};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  auto* default_vfs = static_cast<sqlite3_vfs*>(vfs->pAppData);
  auto* wrapped = reinterpret_cast<FaultFile*>(file);
  wrapped->real = reinterpret_cast<sqlite3_file*>(wrapped + 1);
  const int result = default_vfs->xOpen(default_vfs, name, wrapped->real, flags, flags_out);
  wrapped->base.pMethods = wrapped->real->pMethods != nullptr ? &methods : nullptr;
  return result;
}

}  // namespace

Faults& fault_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* default_vfs = sqlite3_vfs_find(nullptr);
    // All but opening (paths, time, randomness) is the default's, whose functions do not look at the vfs they are
    // given.
    sqlite3_vfs made = *default_vfs;
    made.zName = fault_vfs_name;
    made.szOsFile = static_cast<int>(sizeof(FaultFile)) + default_vfs->szOsFile;
    made.pAppData = default_vfs;
    made.pNext = nullptr;
    made.xOpen = open;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  ENGINE_ASSERT(registered == SQLITE_OK);
  faults.writes_left = -1;
  faults.sync_fails = false;
  return faults;
}

}  // namespace engine::journal::test
