// A file of JSON lines that only grows: whole lines or none, on disk before they count, none twice.
#pragma once

#include <sys/stat.h>

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

namespace connectors::targets::file {

/// One thread. Not open until the first append.
class LineFile {
 public:
  explicit LineFile(std::string path) : path_(std::move(path)) {}
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  struct Line {
    std::string_view key;   ///< empty: cannot be recognised again
    std::string_view text;  ///< without a line break
    bool was_present = false;
  };
  /// Appends those lines whose keys are not there yet, and marks the others; one fdatasync for all. Throws
  /// std::system_error: then the file ends where it ended before, or will be cut back when it is opened next.
  void append(std::span<Line> lines);

 private:
  void open();
  void close();
  bool was_replaced() const;
  void cut_torn_line(off_t size);
  void remember_keys();
  void remember(std::string_view key);
  void write_all(std::string_view bytes);

  std::string path_;
  int file_ = -1;
  off_t size_ = 0;
  std::unordered_set<std::string> keys_;
  std::deque<const std::string*> keys_by_age_;  ///< into keys_
};

}  // namespace connectors::targets::file
