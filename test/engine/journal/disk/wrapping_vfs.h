// A SQLite VFS that stands before the default one and passes everything on, but for the methods of files that a test replaces.
#pragma once

#include <sqlite3.h>

namespace engine::journal::test {

/// The file as SQLite holds it.
struct WrappedFile {
  sqlite3_file base;
  sqlite3_file* real;  ///< follows in the same allocation
  const char* name;    ///< SQLite keeps it as long as the file is open; null pointer: a temporary one
};

inline WrappedFile& wrapped(sqlite3_file* file) { return *reinterpret_cast<WrappedFile*>(file); }
inline sqlite3_file* real_of(sqlite3_file* file) { return wrapped(file).real; }

/// All of them pass on to the real file's.
sqlite3_io_methods passing_methods();

/// Once a name. `methods` outlives the process' use of SQLite.
void register_wrapping_vfs(const char* name, const sqlite3_io_methods& methods);

}  // namespace engine::journal::test
