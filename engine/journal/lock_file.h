// The writer's lock of a journal: PATH.lock, with the process id of its holder inside.
#pragma once

#include <filesystem>

namespace engine::journal {

/// Held as long as the object lives and the process runs: the kernel drops it when the process ends, however it ends.
/// The file itself stays, since removing it would let two processes hold locks on two files of one name.
class LockFile {
 public:
  /// Throws journal_locked naming the holder, environment_missing when the folder is missing or not writable,
  /// journal_full.
  explicit LockFile(const std::filesystem::path& journal);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  /// Whether some process holds it; asks without taking it. True, too, where that cannot be found out.
  static bool is_held(const std::filesystem::path& journal);

 private:
  int file_ = -1;
};

}  // namespace engine::journal
