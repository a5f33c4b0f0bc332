// Tables that share a log of their source read it in turns: once for all of them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace engine::capture {

/// Of one connection. Outlives its tables' lookouts.
class FeedTurns {
 public:
  struct Turn {
    std::mutex mutex;  ///< held while the log is read
    std::uint64_t readings = 0;
    std::int64_t saved_ms = 0;  ///< when its position was last journaled; steady
  };
  Turn& of(const std::string& log) {
    const std::lock_guard lock(mutex_);
    return turns_[log];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Turn> turns_;
};

}  // namespace engine::capture
