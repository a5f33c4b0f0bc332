#include "engine/cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "engine/base/clock.h"

namespace engine::cli {

namespace {

constexpr std::int64_t progress_every_ms = 200;

}  // namespace

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressLine::tell(std::int64_t done, std::int64_t total, std::string_view what) {
  const std::int64_t now = system_clock().steady_ms();
  if (!terminal_ || now - told_ms_ < progress_every_ms) return;
  told_ms_ = now;
  shown_ = true;
  const char* colon = what.empty() ? "" : ": ";
  if (total > 0) {
    fmt::print(stderr, "\r{}{}{} of {} ({} %)\x1b[K", what, colon, done, total, 100 * done / total);
  } else {
    fmt::print(stderr, "\r{}{}{}\x1b[K", what, colon, done);
  }
  std::fflush(stderr);
}

void show_progress(std::string_view text) { fmt::print(stderr, "\r\x1b[K{}", text); }

}  // namespace engine::cli
