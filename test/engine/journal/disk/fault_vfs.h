// A SQLite VFS that stands before the default one and breaks it on cue: a disk that is full after some writes (the last
// of them torn), a sync that fails, sectors that cannot be read.
#pragma once

#include <atomic>
#include <cstdint>

namespace engine::journal::test {

struct Faults {
  std::atomic<std::int64_t> writes_left{-1};  ///< -1: as many as wanted; at 0 the disk is full, or
  std::atomic<bool> breaks{false};            ///< broken
  std::atomic<bool> sync_fails{false};
  std::atomic<bool> sync_skipped{false};  ///< for tests of killed processes, which leave the kernel's memory alone
  std::atomic<bool> reads_fail{false};
  std::atomic<std::int64_t> writes_done{0};
};

/// Registers the VFS at the first call. The same faults hold for all its files.
Faults& fault_vfs();

inline constexpr const char* fault_vfs_name = "faults";

}  // namespace engine::journal::test
