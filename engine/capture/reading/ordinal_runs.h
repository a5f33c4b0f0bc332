// A set of ordinals as runs: images that were first seen together have neighbouring ordinals.
#pragma once

#include <cstdint>
#include <vector>

namespace engine::capture {

class OrdinalRuns {
 public:
  /// An ordinal comes once.
  void add(std::int64_t ordinal) {
    if (!runs_.empty() && runs_.back().end == ordinal) {
      ++runs_.back().end;
    } else {
      runs_.push_back({ordinal, ordinal + 1});
    }
    ++size_;
  }
  /// Sorts and joins the runs, and gives back what memory they need no more.
  void pack();

  std::int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  template <typename Each>
  void for_each(Each&& each) const {
    for (const Run& run : runs_) {
      for (std::int64_t ordinal = run.begin; ordinal < run.end; ++ordinal) each(ordinal);
    }
  }

 private:
  struct Run {
    std::int64_t begin, end;
  };
  std::vector<Run> runs_;
  std::int64_t size_ = 0;
};

}  // namespace engine::capture
