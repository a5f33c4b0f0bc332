// A copy of a whole journal, made a few pages at a time with SQLite's backup API.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

struct sqlite3;
struct sqlite3_backup;

namespace engine::journal {

class Connection;

/// Made by the connection that also writes, between its transactions: what it writes meanwhile goes into the pages copied already, so the copy is of
/// the moment it is finished, and never has to start anew.
class Backup {
 public:
  /// Writes `TO.partial`. Throws journal_failed or journal_full when that is not possible.
  Backup(Connection& from, const std::filesystem::path& to);
  /// Removes what was not finished.
  ~Backup();
  Backup(const Backup&) = delete;
  Backup& operator=(const Backup&) = delete;

  /// Copies that many pages, all with -1. True while there are more.
  bool step(int pages);
  int pages_done() const;
  int pages_total() const;
  /// The copy is on disk under its name. With `copied_ms`, whoever opens it for writing knows that it is one.
  void finish(std::int64_t copied_ms = 0);

 private:
  [[noreturn]] void fail(int result);

  std::filesystem::path to_;
  std::string partial_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> copy_;
  sqlite3_backup* backup_ = nullptr;
};

}  // namespace engine::journal
