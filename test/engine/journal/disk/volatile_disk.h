// A SQLite VFS whose disk keeps what was written in a volatile cache until it is synced, and can tell what a power cut at any moment would leave.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace engine::journal::test {

inline constexpr const char* volatile_disk_name = "volatile_disk";

/// The files of one journal, as they are found after the power is back.
struct Remains {
  std::string database;
  std::string wal;
  int acknowledged = 0;  ///< commits that their caller knew to be on disk

  /// Puts them into a folder in which a journal can be opened.
  void lay_out(const std::filesystem::path& journal) const;
};

/// Cuts the power in thought: at operations chosen by chance it notes what would remain, and the run goes on. Of what was not synced each
/// sector is there or not, in any order. One at a time lives.
class PowerCuts {
 public:
  /// `acknowledged` is asked at each cut. `one_in`: how many operations there are to a cut, on average.
  PowerCuts(std::filesystem::path journal, unsigned seed, int one_in, std::function<int()> acknowledged);
  ~PowerCuts();
  PowerCuts(const PowerCuts&) = delete;
  PowerCuts& operator=(const PowerCuts&) = delete;

  /// What a cut now would leave.
  Remains cut_now();
  /// What the cuts left until now, in their order.
  std::vector<Remains> take();
};

}  // namespace engine::journal::test
