// When a file may be read, and whether it has to be: by its size and times alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/model/source.h"

namespace connectors::files {

/// Two equal stamps, of which the first was taken when the file had settled, are of one content: each later writing leaves another time.
struct FileStamp {
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;  ///< cannot be set by who copies a file with its times

  bool operator==(const FileStamp&) const = default;
  std::string text() const;
};

/// Throws source_unreachable when the file cannot be looked at: one that is gone is never an empty one.
FileStamp stamp_of(const std::filesystem::path& file);
/// source_busy: the file is being written; `what` goes on after its name.
engine::Error busy_file(const std::filesystem::path& file, const std::string& what, const std::string& hint = {});
/// Of an open file. A name that was put over it changes its inode's time, and nothing that is read.
bool is_written(int descriptor, const FileStamp& since);

/// Its times are of this machine's clock: it lies on a file system of its own, as far as that is known. A file server has another clock, ahead or behind.
bool has_our_clock(const std::filesystem::path& file);

/// A file that was modified less than `settle_ms` ago, or between two looks that are nearer than that, is still being written. Where its times are another
/// machine's, they are believed only when they lie ten minutes back: below that two looks count, `settle_ms` apart.
class FileGate {
 public:
  using HasOurClock = bool (*)(const std::filesystem::path&);
  using Pause = std::function<void(std::chrono::milliseconds)>;
  FileGate(std::filesystem::path file, std::int64_t settle_ms, const engine::Clock& clock, HasOurClock has_our_clock = &files::has_our_clock,
           Pause pause = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); })
      : file_(std::move(file)), settle_ms_(settle_ms), clock_(clock), has_our_clock_(has_our_clock), pause_(std::move(pause)) {}

  const std::filesystem::path& file() const { return file_; }
  /// What may be read now; nullopt while it is being written.
  std::optional<FileStamp> settled();
  /// As `settled`, but throws source_busy. The first look of all waits for a second one, some seconds at most: whoever reads only once comes no more.
  FileStamp ready();
  /// For `model::Source::probe`: the state that settled last, so that nothing is read while the file is being written. After a minute of
  /// writing without a pause source_busy is thrown: a person has to know that the file is never read. Where looks are further apart than that it is
  /// thrown at once, and until the file has settled: else what was written just now would be read one look later.
  std::optional<std::string> proof();

 private:
  bool is_old(const FileStamp& stamp) const;

  std::filesystem::path file_;
  std::int64_t settle_ms_;
  const engine::Clock& clock_;
  HasOurClock has_our_clock_;
  Pause pause_;
  std::optional<FileStamp> seen_;
  std::int64_t seen_since_ms_ = 0;  ///< steady
  std::int64_t looked_ms_ = 0;
  bool moved_ = false;              ///< it was not the same at the look before, which was just now
  std::optional<std::string> proof_;
  std::optional<std::int64_t> written_since_ms_;
  bool looks_seldom_ = false;       ///< there was no look for long when it had been written
  std::optional<std::int64_t> first_look_ms_;  ///< steady
};

/// A source whose rows all stand in one file, and whose driver cannot read one state of it: nothing is read while the file is being written, and rows that
/// were read while it changed are refused (source_busy).
std::unique_ptr<engine::model::Source> with_file_gate(std::unique_ptr<engine::model::Source> source, FileGate gate);

}  // namespace connectors::files
