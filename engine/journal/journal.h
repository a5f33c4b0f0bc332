// The journal: one SQLite database, one writer thread that commits in groups, read-only connections for all others.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/journal/change_log.h"
#include "engine/journal/cycles.h"
#include "engine/journal/deliveries.h"
#include "engine/journal/pipelines.h"
#include "engine/journal/row_images.h"
#include "engine/journal/source_tables.h"

namespace engine::journal {

class Connection;

/// Everything that can be read or written, over one connection. Valid inside the callback or lease that gave it.
struct Records {
  explicit Records(Connection& connection);
  SourceTables tables;
  Cycles cycles;
  ChangeLog changes;
  RowImages images;
  Pipelines pipelines;
  Deliveries deliveries;
};

struct JournalOptions {
  std::filesystem::path path;
  std::string vfs;                   ///< name of a registered SQLite VFS; empty: the default
  std::size_t group_max = 512;       ///< pieces of work committed together at most
};

class Journal {
 public:
  using Work = std::function<void(Records&)>;
  using Committed = std::function<void(std::exception_ptr)>;

  /// Creates or opens, takes the writer's lock (`PATH.lock`), migrates after a backup. Throws journal_locked naming the
  /// process that holds it, journal_failed for a newer schema or a damaged file, journal_full.
  static std::unique_ptr<Journal> open(const JournalOptions& options);
  ~Journal();

  /// The random identity, part of every idempotency key.
  const std::string& id() const { return id_; }

  /// Runs `work` on the writer thread inside a savepoint of the group's transaction, and returns when that is on disk.
  /// Rethrows what `work` threw (its effects are undone, those of others stay). journal_full: nothing was kept, try again
  /// later; journal_failed: the journal takes no more work.
  void write(const Work& work);
  /// The same without waiting: `committed` is called on the writer thread, with null on success.
  void write_async(Work work, Committed committed);

  /// A read-only connection, returned to the pool with the lease. No lease may be kept over a second.
  class Lease {
   public:
    Lease(Journal& journal, std::unique_ptr<Connection> connection);
    ~Lease();
    Lease(Lease&&) noexcept;
    Records* operator->() { return records_.get(); }
    Records& operator*() { return *records_; }

   private:
    Journal* journal_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<Records> records_;
  };
  Lease read();

  /// `listener` is called on the writer thread after each commit; it must only wake somebody.
  void on_commit(std::function<void()> listener);

 private:
  struct Item {
    Work work;
    Committed committed;
  };
  Journal();
  void write_groups();
  void commit_group(std::vector<Item>& group);

  JournalOptions options_;
  std::string id_;
  int lock_file_ = -1;
  std::unique_ptr<Connection> writer_;
  std::unique_ptr<Records> records_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  bool stopping_ = false;
  std::exception_ptr failed_;
  std::vector<std::function<void()>> listeners_;
  std::mutex pool_mutex_;
  std::vector<std::pair<std::unique_ptr<Connection>, std::unique_ptr<Records>>> pool_;
  std::thread thread_;
};

/// Opens read-only for a reading verb, whether the daemon runs or not. Throws environment_missing when there is no
/// journal, journal_failed for a schema this program does not know.
class ReadOnlyJournal {
 public:
  explicit ReadOnlyJournal(const std::filesystem::path& path);
  ~ReadOnlyJournal();
  Records& operator*() { return *records_; }
  Records* operator->() { return records_.get(); }
  const std::string& id() const { return id_; }

 private:
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Records> records_;
  std::string id_;
};

inline constexpr int schema_version = 1;

}  // namespace engine::journal
