#include "engine/journal/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/journal/care/backup.h"
#include "engine/journal/connection.h"
#include "engine/journal/lock_file.h"
#include "engine/journal/migrations.h"

namespace engine::journal {
namespace {

// Steady readers can keep the WAL from ever starting anew: at this many times the pages of a checkpoint the writer
// waits a moment for them.
constexpr int restart_factor = 4;
constexpr int truncate_tries = 20;
constexpr std::chrono::milliseconds truncate_pause{250};
constexpr std::size_t idle_readers_max = 8;

void require_folder(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (std::filesystem::is_directory(folder)) return;
  throw Error(ErrorCode::environment_missing, fmt::format("the folder of the journal {} does not exist", path.string()),
              {{"folder", folder.string()}}, fmt::format("Create {} for the daemon's user.", folder.string()));
}

/// SQLite would create the file readable by everybody; it holds customers' data.
void create_if_missing(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file >= 0) {
    close(file);
    return;
  }
  const int cause = errno;
  const auto code = cause == ENOSPC || cause == EDQUOT ? ErrorCode::journal_full : ErrorCode::environment_missing;
  throw Error(code, fmt::format("the journal {} cannot be opened for writing: {}", path.string(), std::strerror(cause)),
              {{"journal", path.string()}}, "The daemon's user must own the file and be able to write its folder.");
}

/// An exception of its own for each who gets it: they add context to it on their threads.
std::exception_ptr copy_of(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return std::make_exception_ptr(Error(*known));
  return std::make_exception_ptr(Error(ErrorCode::journal_failed, error.what()));
}

std::exception_ptr copy_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return copy_of(error);
  }
}

/// What a thread waits on until all its pieces of work are on disk.
class Waiter {
 public:
  explicit Waiter(std::size_t pieces) : outcomes_(pieces), open_(pieces) {}
  /// Takes the outcome over: a thread that kept a part of an exception could be the last to free what the other reads.
  void finish(std::size_t piece, std::exception_ptr&& outcome) {
    // Notified under the lock: the waiting thread destroys this as soon as it can.
    const std::lock_guard lock(mutex_);
    outcomes_[piece] = std::move(outcome);
    if (--open_ == 0) wake_.notify_one();
  }
  /// What each piece threw, null where it stays.
  std::vector<std::exception_ptr> wait() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return open_ == 0; });
    return std::move(outcomes_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::exception_ptr> outcomes_;
  std::size_t open_;
};

}  // namespace

Records::Records(Connection& connection)
    : tables(connection),
      cycles(connection),
      feeds(connection),
      changes(connection),
      images(connection),
      places(connection),
      backfills(connection),
      pipelines(connection),
      deliveries(connection),
      bundles(connection),
      echoes(connection),
      reports(connection),
      conversations(connection),
      anomalies(connection, deliveries),
      guarding(connection),
      effect_hours(connection),
      pauses(connection),
      audit(connection),
      retention(connection),
      restored(connection),
      forgetting(connection),
      integrity(connection) {}

std::unique_ptr<Journal> Journal::open(const JournalOptions& options) {
  return std::unique_ptr<Journal>(new Journal(options));
}

Journal::Journal(const JournalOptions& options)
    : options_(options), restart_pages_(restart_factor * options.checkpoint_pages) {
  require_folder(options_.path);
  lock_ = std::make_unique<LockFile>(options_.path);
  create_if_missing(options_.path);
  writer_.connection = std::make_unique<Connection>(options_.path.string(), Connection::Mode::read_write, options_.vfs);
  bring_up_to_date(*writer_.connection);
  Epoch(*writer_.connection, options_.path).begin(system_clock().wall_ms());
  writer_.records = std::make_unique<Records>(*writer_.connection);
  id_ = journal_id(*writer_.connection);
  thread_ = std::thread([this] { write_groups(); });
}

Journal::~Journal() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  // The last connection to close copies the WAL into the database and removes it.
  pool_.clear();
}

void Journal::enqueue(Item item) {
  std::unique_lock lock(mutex_);
  // The writer thread itself never waits for space: nobody else makes any.
  const bool on_writer = std::this_thread::get_id() == thread_.get_id();
  space_.wait(lock, [&] { return on_writer || queue_.size() < options_.queued_max; });
  queue_.push_back(std::move(item));
  lock.unlock();
  wake_.notify_one();
}

void Journal::write(const Work& work) {
  const std::exception_ptr problem = write_each({&work, 1}).front();
  if (problem) std::rethrow_exception(problem);
}

std::vector<std::exception_ptr> Journal::write_each(std::span<const Work> works) {
  ENGINE_ASSERT(std::this_thread::get_id() != thread_.get_id());
  Waiter waiter(works.size());
  for (std::size_t i = 0; i < works.size(); ++i) {
    enqueue({[&work = works[i]](Records& records) { work(records); },
             [&waiter, i](std::exception_ptr error) { waiter.finish(i, std::move(error)); }});
  }
  return waiter.wait();
}

void Journal::write_async(Work work, Committed committed) { enqueue({std::move(work), std::move(committed)}); }

void Journal::on_commit(std::function<void()> listener) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.push_back(std::move(listener));
}

void Journal::write_groups() {
  pthread_setname_np(pthread_self(), "journal");
  std::vector<Item> group;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty() || !between_.empty(); });
    if (queue_.empty() && between_.empty()) return;
    while (!queue_.empty() && group.size() < options_.group_max) {
      group.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    std::function<void()> between;
    if (!between_.empty()) {
      between = std::move(between_.front());
      between_.pop_front();
    }
    lock.unlock();
    space_.notify_all();
    if (!group.empty()) commit_group(group);
    group.clear();
    if (between) between();
    lock.lock();
  }
}

void Journal::between_groups(const std::function<void(Connection&)>& task) {
  Waiter waiter(1);
  {
    const std::lock_guard lock(mutex_);
    between_.push_back([&] {
      std::exception_ptr thrown;
      try {
        task(*writer_.connection);
      } catch (...) {
        thrown = std::current_exception();
      }
      waiter.finish(0, std::move(thrown));
    });
  }
  wake_.notify_one();
  const std::exception_ptr problem = waiter.wait().front();
  if (problem) std::rethrow_exception(problem);
}

void Journal::back_up(const std::filesystem::path& to, const std::function<bool(std::int64_t, std::int64_t)>& tell) {
  constexpr int pages_a_step = 256;
  std::optional<Backup> backup;
  between_groups([&](Connection& connection) { backup.emplace(connection, to); });
  std::exception_ptr problem;
  try {
    for (bool more = true; more;) {
      int done = 0;
      int total = 0;
      between_groups([&](Connection&) {
        more = backup->step(pages_a_step);
        done = backup->pages_done();
        total = backup->pages_total();
      });
      if (!tell(done, total)) throw Error(ErrorCode::stopped, "the backup was stopped; nothing is left of it");
    }
    between_groups([&](Connection&) { backup->finish(system_clock().wall_ms()); });
  } catch (...) {
    problem = std::current_exception();
  }
  // It belongs to the writer's connection, and ends on its thread.
  between_groups([&](Connection&) { backup.reset(); });
  if (problem) std::rethrow_exception(problem);
}

bool Journal::truncate_wal() {
  Connection own(options_.path.string(), Connection::Mode::read_write, options_.vfs);
  // SQLite holds the lock for writing while it waits for readers: short waits with pauses let the writer have its turns.
  for (int tries = 0; tries < truncate_tries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(truncate_pause);
    if (own.truncate_wal()) return true;
  }
  return false;
}

void Journal::advance_epoch() {
  std::int64_t epoch = 0;
  write([&epoch](Records& records) { epoch = records.restored.advance_epoch(); });
  Epoch::tell_file(options_.path, epoch);
}

void Journal::commit_group(std::vector<Item>& group) {
  std::vector<std::exception_ptr> results(group.size());
  bool kept = false;
  if (failed_) {
    for (auto& result : results) result = copy_of(failed_);
  } else {
    try {
      kept = run_group(group, results);
    } catch (const std::exception& error) {
      lose_group(error, results);
    }
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group[i].committed) group[i].committed(std::move(results[i]));
  }
  if (!kept) return;
  tell_listeners();
  checkpoint_when_large();
}

/// True when something was committed. Throws what SQLite failed with; then nothing was.
bool Journal::run_group(std::vector<Item>& group, std::vector<std::exception_ptr>& results) {
  const auto start = std::chrono::steady_clock::now();
  writer_.connection->prepare("BEGIN IMMEDIATE").run();
  bool kept = false;
  for (std::size_t i = 0; i < group.size(); ++i) {
    results[i] = run_item(group[i], group.size() == 1);
    kept = kept || !results[i];
  }
  writer_.connection->prepare(kept ? "COMMIT" : "ROLLBACK").run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  observe_seconds("datapicker_journal_group_seconds", {}, took.count());
  return kept;
}

/// What the work threw, its effects undone; null when they stay. Throws when SQLite failed, whatever the work made of
/// it.
std::exception_ptr Journal::run_item(const Item& item, bool alone) {
  Connection& connection = *writer_.connection;
  if (!alone) connection.prepare("SAVEPOINT item").run();
  std::exception_ptr thrown;
  try {
    item.work(*writer_.records);
  } catch (...) {
    thrown = std::current_exception();
  }
  connection.refuse_after_failure();
  ENGINE_ASSERT(connection.in_transaction());
  if (alone) return thrown;
  if (thrown) connection.prepare("ROLLBACK TO item").run();
  connection.prepare("RELEASE item").run();
  return thrown;
}

/// After an error of SQLite nothing of the group may stay: it may have undone a statement or all, as it saw fit.
void Journal::lose_group(const std::exception& error, std::vector<std::exception_ptr>& results) {
  const auto* known = dynamic_cast<const Error*>(&error);
  if (known == nullptr || known->code() != ErrorCode::journal_full) failed_ = copy_of(error);
  try {
    writer_.connection->settle();
  } catch (const std::exception& worse) {
    if (!failed_) failed_ = copy_of(worse);
  }
  for (auto& result : results) {
    if (!result) result = copy_of(error);
  }
}

void Journal::tell_listeners() {
  const std::lock_guard lock(listeners_mutex_);
  for (const auto& listener : listeners_) listener();
}

/// Seldom, since scattered small commits write the same pages again and again, and a checkpoint writes each once; and
/// after the callbacks, so that nobody waits for it.
void Journal::checkpoint_when_large() {
  const int pages = writer_.connection->wal_pages();
  const int restart_pages_first = restart_factor * options_.checkpoint_pages;
  if (pages < options_.checkpoint_pages) {
    restart_pages_ = restart_pages_first;
    return;
  }
  const bool wait = pages >= restart_pages_;
  try {
    const bool done = writer_.connection->checkpoint(wait);
    // A reader that stays for minutes must not cost every commit a second.
    if (wait) restart_pages_ = done ? restart_pages_first : pages * 2;
  } catch (const std::exception& error) {
    failed_ = copy_of(error);
    log_event(LogLevel::error, "journal.checkpoint_failed", {{"error", error.what()}});
  }
}

Journal::Lease Journal::read() {
  {
    const std::lock_guard lock(pool_mutex_);
    if (!pool_.empty()) {
      Reader reader = std::move(pool_.back());
      pool_.pop_back();
      return Lease(*this, std::move(reader));
    }
  }
  Reader reader;
  reader.connection = std::make_unique<Connection>(options_.path.string(), Connection::Mode::read_only, options_.vfs);
  reader.records = std::make_unique<Records>(*reader.connection);
  return Lease(*this, std::move(reader));
}

void Journal::give_back(Reader reader) {
  // One that failed is dropped: a new connection is the surest way to a sound one.
  if (reader.connection->failure()) return;
  reader.connection->settle();
  const std::lock_guard lock(pool_mutex_);
  if (pool_.size() < idle_readers_max) pool_.push_back(std::move(reader));
}

Journal::Reader::Reader() = default;
Journal::Reader::Reader(Reader&&) noexcept = default;
Journal::Reader& Journal::Reader::operator=(Reader&&) noexcept = default;
Journal::Reader::~Reader() = default;

Journal::Lease::Lease(Journal& journal, Reader reader) : journal_(&journal), reader_(std::move(reader)) {}

Journal::Lease::Lease(Lease&&) noexcept = default;

void Journal::Lease::keep_state() { reader_.connection->prepare("BEGIN").run(); }

Journal::Lease::~Lease() {
  if (reader_.connection) journal_->give_back(std::move(reader_));
}

}  // namespace engine::journal
