#include "engine/journal/care/backup.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "engine/base/error.h"
#include "engine/base/whole_file.h"
#include "engine/journal/connection.h"
#include "engine/journal/migrations.h"

namespace engine::journal {
namespace {

sqlite3* open_copy(const std::string& path) {
  sqlite3* copy = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (result == SQLITE_OK) return copy;
  sqlite3_close(copy);
  throw Error(ErrorCode::journal_failed, fmt::format("the backup {} cannot be written: {}", path, sqlite3_errstr(result)),
              {{"file", path}});
}

}  // namespace

// A kill in the middle must not leave a torn copy under a name that promises a whole one.
Backup::Backup(Connection& from, const std::filesystem::path& to)
    : to_(to), partial_(to.string() + ".partial"), copy_(nullptr, &sqlite3_close) {
  std::filesystem::remove(partial_);
  const mode_t mask = umask(0027);  // it holds customers' data, as the journal does
  try {
    copy_.reset(open_copy(partial_));
  } catch (...) {
    umask(mask);
    throw;
  }
  umask(mask);
  backup_ = sqlite3_backup_init(copy_.get(), "main", from.handle(), "main");
  if (backup_ == nullptr) fail(sqlite3_errcode(copy_.get()));
}

Backup::~Backup() {
  if (backup_ != nullptr) sqlite3_backup_finish(backup_);
  copy_.reset();
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
  std::filesystem::remove(partial_ + "-journal", ignored);
}

bool Backup::step(int pages) {
  const int result = sqlite3_backup_step(backup_, pages);
  if (result == SQLITE_DONE) return false;
  if (result != SQLITE_OK && result != SQLITE_BUSY && result != SQLITE_LOCKED) fail(result);
  return true;
}

int Backup::pages_total() const { return sqlite3_backup_pagecount(backup_); }
int Backup::pages_done() const { return pages_total() - sqlite3_backup_remaining(backup_); }

void Backup::finish(std::int64_t copied_ms) {
  const int result = sqlite3_backup_finish(backup_);
  backup_ = nullptr;
  if (result != SQLITE_OK) fail(result);
  if (copied_ms != 0) {
    const std::string mark = fmt::format("UPDATE journal SET copied_ms = {}", copied_ms);
    const int marked = sqlite3_exec(copy_.get(), mark.c_str(), nullptr, nullptr, nullptr);
    if (marked != SQLITE_OK) fail(marked);
  }
  copy_.reset();
  std::filesystem::rename(partial_, to_);
  sync_folder_of(to_);
}

void Backup::fail(int result) {
  const auto code = result == SQLITE_FULL ? ErrorCode::journal_full : ErrorCode::journal_failed;
  throw Error(code, fmt::format("the backup {} cannot be written: {}", to_.string(), sqlite3_errstr(result)),
              {{"file", to_.string()}}, "The disk must have room for a whole copy of the journal.");
}

}  // namespace engine::journal
