#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/error.h"
#include "engine/journal/connection.h"
#include "engine/journal/journal.h"
#include "engine/journal/lock_file.h"
#include "engine/journal/migrations.h"

namespace engine::journal {
namespace {

/// A cleanly closed journal has no WAL, and opening it the usual way would create one: impossible in a folder that one
/// may only read, and elsewhere it would leave files that the daemon's user cannot write. So it is read as a file that
/// does not change. Never while a daemon runs. (One that starts a moment later writes to the WAL first and touches the
/// file only at its first checkpoint, long after a reading verb has ended.)
Connection::Mode mode_for(const std::filesystem::path& path) {
  std::error_code missing;
  const auto wal_size = std::filesystem::file_size(path.string() + "-wal", missing);
  const bool wal_is_empty = missing || wal_size == 0;
  return wal_is_empty && !LockFile::is_held(path) ? Connection::Mode::unchanging : Connection::Mode::read_only;
}

void require_readable(const std::filesystem::path& path) {
  if (access(path.c_str(), R_OK) == 0) return;
  const int cause = errno;
  const std::string hint = cause == ENOENT ? "The daemon creates it at its first start: `datapicker run`."
                                           : "Members of the group `datapicker` may read it.";
  throw Error(ErrorCode::environment_missing,
              fmt::format("the journal {} cannot be read: {}", path.string(), std::strerror(cause)),
              {{"journal", path.string()}}, hint);
}

}  // namespace

ReadOnlyJournal::ReadOnlyJournal(const std::filesystem::path& path) {
  require_readable(path);
  connection_ = std::make_unique<Connection>(path.string(), mode_for(path));
  require_version(*connection_, schema_version);
  records_ = std::make_unique<Records>(*connection_);
  id_ = journal_id(*connection_);
}

ReadOnlyJournal::~ReadOnlyJournal() = default;

}  // namespace engine::journal
