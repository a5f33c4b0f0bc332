#include "test/engine/journal/disk/wrapping_vfs.h"

#include <list>

#include "engine/base/error.h"

namespace engine::journal::test {
namespace {

struct Wrapping {
  sqlite3_vfs vfs;
  sqlite3_vfs* real;
  const sqlite3_io_methods* methods;
};

template <auto Method, typename... Arguments>
int pass(sqlite3_file* file, Arguments... arguments) {
  sqlite3_file* real = real_of(file);
  return (real->pMethods->*Method)(real, arguments...);
}

void barrier(sqlite3_file* file) {
  sqlite3_file* real = real_of(file);
  real->pMethods->xShmBarrier(real);
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* given, int flags, int* flags_out) {
  const auto& wrapping = *static_cast<Wrapping*>(vfs->pAppData);
  WrappedFile& file = wrapped(given);
  file.real = reinterpret_cast<sqlite3_file*>(&file + 1);
  file.name = name;
  const int result = wrapping.real->xOpen(wrapping.real, name, file.real, flags, flags_out);
  file.base.pMethods = file.real->pMethods != nullptr ? wrapping.methods : nullptr;
  return result;
}

}  // namespace

sqlite3_io_methods passing_methods() {
  using Methods = sqlite3_io_methods;
  return {3,
          pass<&Methods::xClose>,
          pass<&Methods::xRead, void*, int, sqlite3_int64>,
          pass<&Methods::xWrite, const void*, int, sqlite3_int64>,
          pass<&Methods::xTruncate, sqlite3_int64>,
          pass<&Methods::xSync, int>,
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
          pass<&Methods::xUnfetch, sqlite3_int64, void*>};
}

void register_wrapping_vfs(const char* name, const sqlite3_io_methods& methods) {
  static std::list<Wrapping> all;
  sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
  // All but opening (paths, time, randomness) is the default's, whose functions do not look at the vfs they are given.
  Wrapping& made = all.emplace_back(Wrapping{*real, real, &methods});
  made.vfs.zName = name;
  made.vfs.szOsFile = static_cast<int>(sizeof(WrappedFile)) + real->szOsFile;
  made.vfs.pAppData = &made;
  made.vfs.pNext = nullptr;
  made.vfs.xOpen = open;
  ENGINE_ASSERT(sqlite3_vfs_register(&made.vfs, 0) == SQLITE_OK);
}

}  // namespace engine::journal::test
