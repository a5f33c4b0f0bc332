#include "engine/journal/care/epoch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/whole_file.h"
#include "engine/journal/connection.h"
#include "engine/journal/migrations.h"

namespace engine::journal {
namespace {

constexpr const char* held_reason = "journal.restored";

std::filesystem::path file_of(const std::filesystem::path& journal) { return journal.string() + ".epoch"; }

/// What root writes for an instance that is down belongs to whom the journal belongs, as SQLite does with its own files.
void give_to_owner_of(const std::filesystem::path& journal, int file) {
  struct stat owner {};
  if (geteuid() != 0 || stat(journal.c_str(), &owner) != 0) return;
  [[maybe_unused]] const int ignored = fchown(file, owner.st_uid, owner.st_gid);
}

/// Whole and on disk, or not there: a torn number would call a good journal restored, or a restored one good.
void write_durably(const std::filesystem::path& journal, const std::string& text) {
  const std::filesystem::path path = file_of(journal);
  const std::string partial = path.string() + ".partial";
  const int file = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file >= 0) give_to_owner_of(journal, file);
  const bool written = file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  const int cause = errno;
  if (file >= 0) close(file);
  if (!written || rename(partial.c_str(), path.c_str()) != 0) {
    const auto code = cause == ENOSPC || cause == EDQUOT ? ErrorCode::journal_full : ErrorCode::journal_failed;
    throw Error(code, fmt::format("{} cannot be written: {}", path.string(), std::strerror(cause)), {{"file", path.string()}});
  }
  sync_folder_of(path);
}

}  // namespace

Epoch::Row Epoch::read_row() {
  Statement row =
      connection_.prepare("SELECT epoch, copied_ms IS NOT NULL, EXISTS (SELECT 1 FROM source_table) FROM journal");
  row.step();
  return {row.integer(0), row.integer(1) != 0, row.integer(2) != 0};
}

std::optional<std::int64_t> Epoch::read_file() {
  const std::filesystem::path path = file_of(journal_);
  // Only a file that is not there is missing: one that can't be read must not make a good journal a restored one.
  if (!std::filesystem::exists(path)) return std::nullopt;
  std::ifstream file(path);
  std::int64_t epoch = 0;
  if (!file) {
    throw Error(ErrorCode::environment_missing, fmt::format("{} cannot be read", path.string()), {{"file", path.string()}},
                "It must belong to the daemon's user, as the journal does.");
  }
  if (file >> epoch) return epoch;
  throw Error(ErrorCode::journal_failed, fmt::format("{} is damaged: it should hold one number", path.string()), {{"file", path.string()}},
              "If this journal is no restored copy, delete the file.");
}

void Epoch::begin(std::int64_t now_ms) {
  const Row row = read_row();
  const std::optional<std::int64_t> file = read_file();
  const bool behind = row.used && (file ? *file > row.epoch : row.epoch > 0);
  const std::int64_t next = std::max(row.epoch, file.value_or(0)) + 1;
  connection_.execute("BEGIN IMMEDIATE");
  try {
    if (row.copied || behind) mark_restored(now_ms);
    connection_.prepare("UPDATE journal SET epoch = ?").bind(1, next).run();
    connection_.execute("COMMIT");
  } catch (...) {
    connection_.settle();
    throw;
  }
  tell_file(journal_, next);
}

void Epoch::mark_restored(std::int64_t now_ms) {
  log_event(LogLevel::error, "journal.restored",
            {{"journal", connection_.path()},
             {"hint", "nothing is sent until `datapicker resume instance`; tables are read and compared meanwhile"}});
  connection_.prepare("UPDATE journal SET id = ?, copied_ms = NULL, restored_ms = ?")
      .bind(1, random_journal_id())
      .bind(2, now_ms)
      .run();
  connection_
      .prepare(
          "INSERT INTO pause (kind, name, actor, reason, since_ms) VALUES ('instance', '', 'datapicker', 'the journal was "
          "restored from an older copy', ?) ON CONFLICT DO NOTHING")
      .bind(1, now_ms)
      .run();
  connection_.execute("UPDATE last_sent SET fields = NULL");
  // A call that can't be repeated may have been made; what can goes out again as it was, when a person lets it.
  connection_.execute(
      "UPDATE delivery SET state = 'uncertain' WHERE state = 'in_flight' AND (policy = 'every_change' OR step IN "
      "('create', 'comment'))");
  connection_.execute(
      "UPDATE delivery SET state = 'held', reason = 'journal.restored' WHERE state = 'pending' AND policy = "
      "'every_change'");
  connection_.execute("UPDATE delivery SET state = 'held', reason = 'paused' WHERE state IN ('pending', 'in_flight')");
}

void Epoch::tell_file(const std::filesystem::path& journal, std::int64_t epoch) {
  write_durably(journal, fmt::format("{}\n", epoch));
}

std::int64_t Restored::advance_epoch() {
  Statement row = connection_.prepare("UPDATE journal SET epoch = epoch + 1 RETURNING epoch");
  row.step();
  const std::int64_t epoch = row.integer(0);
  row.run();
  return epoch;
}

std::optional<std::int64_t> Restored::since_ms() {
  Statement row = connection_.prepare("SELECT restored_ms FROM journal");
  row.step();
  return row.optional_integer(0);
}

std::int64_t Restored::held_messages() {
  Statement row = connection_.prepare("SELECT count(*) FROM delivery WHERE state = 'held' AND reason = ?");
  row.bind(1, held_reason).step();
  return row.integer(0);
}

void Restored::finish(bool send_messages, std::int64_t now_ms) {
  connection_.prepare("UPDATE delivery SET state = ?1, updated_ms = ?2 WHERE state = 'held' AND reason = ?3")
      .bind(1, send_messages ? "pending" : "rejected")
      .bind(2, now_ms)
      .bind(3, held_reason)
      .run();
  connection_.prepare("UPDATE journal SET restored_ms = NULL").run();
}

}  // namespace engine::journal
