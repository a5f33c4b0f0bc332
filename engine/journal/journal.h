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
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/journal/capture/change_feeds.h"
#include "engine/journal/capture/cycles.h"
#include "engine/journal/capture/range_backfills.h"
#include "engine/journal/capture/row_places.h"
#include "engine/journal/care/audit.h"
#include "engine/journal/care/epoch.h"
#include "engine/journal/care/forgetting.h"
#include "engine/journal/care/integrity.h"
#include "engine/journal/care/pauses.h"
#include "engine/journal/care/retention.h"
#include "engine/journal/change_log.h"
#include "engine/journal/deliveries.h"
#include "engine/journal/delivery/bundles.h"
#include "engine/journal/delivery/conversations.h"
#include "engine/journal/delivery/echoes.h"
#include "engine/journal/delivery/guard/anomalies.h"
#include "engine/journal/delivery/guard/effect_hours.h"
#include "engine/journal/delivery/guard/guarding.h"
#include "engine/journal/delivery/reports.h"
#include "engine/journal/pipelines.h"
#include "engine/journal/row_images.h"
#include "engine/journal/source_tables.h"

namespace engine::journal {

class Connection;
class LockFile;

/// Everything that can be read or written, over one connection. Valid inside the callback or lease that gave it.
struct Records {
  explicit Records(Connection& connection);
  SourceTables tables;
  Cycles cycles;
  ChangeFeeds feeds;
  ChangeLog changes;
  RowImages images;
  RowPlaces places;
  RangeBackfills backfills;
  Pipelines pipelines;
  Deliveries deliveries;
  Bundles bundles;
  Echoes echoes;
  Reports reports;
  Conversations conversations;
  Anomalies anomalies;
  Guarding guarding;
  EffectHours effect_hours;
  Pauses pauses;
  Audit audit;
  Retention retention;
  Restored restored;
  Forgetting forgetting;
  Integrity integrity;
};

struct JournalOptions {
  std::filesystem::path path;
  std::string vfs;                  ///< name of a registered SQLite VFS; empty: the default
  std::size_t group_max = 512;      ///< pieces of work committed together at most
  std::size_t queued_max = 65'536;  ///< pieces of work that may wait; whoever brings more waits, too
  int checkpoint_pages = 4'000;     ///< pages of 4 KiB in the WAL at which they are copied into the database
};

class Journal {
 public:
  using Work = std::function<void(Records&)>;
  using Committed = std::function<void(std::exception_ptr)>;

  /// Creates or opens, takes the writer's lock (`PATH.lock`), migrates after a backup. Throws journal_locked naming the
  /// process that holds it, environment_missing when its folder is not there or not writable, journal_failed for a
  /// newer schema or a damaged file, journal_full.
  static std::unique_ptr<Journal> open(const JournalOptions& options);
  /// Commits what is queued. No lease and no other thread may use the journal any more.
  ~Journal();

  /// The random identity, part of every idempotency key.
  const std::string& id() const { return id_; }

  /// Runs `work` on the writer thread inside a savepoint of the group's transaction, and returns when that is on disk.
  /// Rethrows what `work` threw (its effects are undone, those of others stay). journal_full: nothing was kept, try
  /// again later; journal_failed: the journal takes no more work, and whether this one was kept is known after a
  /// restart. Not to be called on the writer thread.
  void write(const Work& work);
  /// The same with many at once, in few groups: what each threw, null for those that stay.
  std::vector<std::exception_ptr> write_each(std::span<const Work> works);
  /// The same without waiting: `committed` is called on the writer thread, with null on success.
  void write_async(Work work, Committed committed);

  /// A read-only connection with its records.
  struct Reader {
    Reader();
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;
    ~Reader();
    std::unique_ptr<Connection> connection;
    std::unique_ptr<Records> records;
  };

  /// A reader, given back to the pool with the lease, which ends what is still being read. No lease may be kept over a
  /// second, and nothing taken from it (a cursor, a statement) outlives it.
  class Lease {
   public:
    Lease(Journal& journal, Reader reader);
    ~Lease();
    Lease(Lease&&) noexcept;
    Records* operator->() { return reader_.records.get(); }
    Records& operator*() { return *reader_.records; }
    /// Until it is given back, all that is read is of one state of the journal, and SQLite's locks are taken once.
    void keep_state();

   private:
    Journal* journal_;
    Reader reader_;
  };
  Lease read();

  /// Copies the whole journal to `to` while it is written, a few pages between two groups of work; what is written meanwhile is in the copy, too.
  /// `tell` hears of pages done and in all; it stops the backup by false (throws stopped). Throws journal_full, journal_failed.
  void back_up(const std::filesystem::path& to, const std::function<bool(std::int64_t, std::int64_t)>& tell);
  /// Empties the WAL into the database, so that nothing that was taken out is left there. False when a reader stood in the way.
  bool truncate_wal();
  /// From time to time while something is written: see `Epoch`.
  void advance_epoch();

  /// `listener` is called on the writer thread after each commit; it must only wake somebody.
  void on_commit(std::function<void()> listener);

 private:
  struct Item {
    Work work;
    Committed committed;
  };
  explicit Journal(const JournalOptions& options);
  void enqueue(Item item);
  void write_groups();
  void between_groups(const std::function<void(Connection&)>& task);
  void commit_group(std::vector<Item>& group);
  bool run_group(std::vector<Item>& group, std::vector<std::exception_ptr>& results);
  std::exception_ptr run_item(const Item& item, bool alone);
  void lose_group(const std::exception& error, std::vector<std::exception_ptr>& results);
  void checkpoint_when_large();
  void tell_listeners();
  void give_back(Reader reader);

  JournalOptions options_;
  std::unique_ptr<LockFile> lock_;
  std::string id_;

  // The writer thread's own.
  Reader writer_;
  std::exception_ptr failed_;  ///< set once: the journal takes no more work
  int restart_pages_;          ///< pages in the WAL at which the writer waits for readers to leave it

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable space_;
  std::deque<Item> queue_;
  std::deque<std::function<void()>> between_;  ///< for the writer thread, outside any transaction
  bool stopping_ = false;

  std::mutex listeners_mutex_;
  std::vector<std::function<void()>> listeners_;

  std::mutex pool_mutex_;
  std::vector<Reader> pool_;
  std::thread thread_;
};

/// Opens read-only for a reading verb, whether the daemon runs or not, and leaves no file behind. Throws
/// environment_missing when there is no journal or no permission to read it, journal_failed for a schema this program
/// does not know.
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

inline constexpr int schema_version = 3;

}  // namespace engine::journal
