// How far long work is: one line on stderr that is written over; nothing where nobody looks.
#pragma once

#include <cstdint>
#include <string_view>

namespace engine::cli {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Of `total`; 0: that is not known.
  void tell(std::int64_t done, std::int64_t total, std::string_view what = {});

 private:
  bool terminal_;
  bool shown_ = false;
  std::int64_t told_ms_ = 0;
};

/// Writes over the line on stderr; only where somebody looks.
void show_progress(std::string_view text);

}  // namespace engine::cli
