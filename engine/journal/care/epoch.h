// How a journal that was put back from a copy is known for what it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace engine::journal {

class Connection;

/// A number that the journal and a file beside it (`PATH.epoch`) count up together, the journal first. A journal behind its file is older
/// than what was done in its name since: calls were made that it knows nothing of.
class Epoch {
 public:
  Epoch(Connection& connection, std::filesystem::path journal) : connection_(connection), journal_(std::move(journal)) {}

  /// At each opening for writing. A restored journal gets a new identity (so that no idempotency key is used for two things), everything last sent counts as
  /// unknown, what waited is held, and the instance is paused until a person lets it go on: `Restored::finish`.
  void begin(std::int64_t now_ms);
  /// After the journal's number is on disk.
  static void tell_file(const std::filesystem::path& journal, std::int64_t epoch);

 private:
  struct Row {
    std::int64_t epoch = 0;
    bool copied = false;
    bool used = false;  ///< it knows tables: not created just now
  };
  Row read_row();
  std::optional<std::int64_t> read_file();
  void mark_restored(std::int64_t now_ms);

  Connection& connection_;
  std::filesystem::path journal_;
};

/// A journal that waits for a person since it was restored.
class Restored {
 public:
  explicit Restored(Connection& connection) : connection_(connection) {}

  std::optional<std::int64_t> since_ms();
  /// Counts the journal's half of the epoch up, now and then while it is written, so that a copy of this very run is known, too.
  std::int64_t advance_epoch();
  /// Messages held by the restore: they may have been sent since the copy was made.
  std::int64_t held_messages();
  /// They are sent after all, or end as rejected; the journal is an ordinary one again.
  void finish(bool send_messages, std::int64_t now_ms);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
