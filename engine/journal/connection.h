// A thin layer over sqlite3: one connection, statements prepared once and kept.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace engine::journal {

class Connection;

/// A prepared statement in use: bound from position 1, reset when it goes out of scope.
class Statement {
 public:
  Statement(sqlite3_stmt* statement, Connection& connection) : statement_(statement), connection_(connection) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int position, std::int64_t value);
  /// Text is not copied: it must outlive the step.
  Statement& bind(int position, std::string_view text);
  Statement& bind(int position, const std::string& text) { return bind(position, std::string_view(text)); }
  Statement& bind(int position, const char* text) { return bind(position, std::string_view(text)); }
  Statement& bind_blob(int position, std::string_view bytes);
  Statement& bind_null(int position);
  Statement& bind(int position, const std::optional<std::string>& text);
  Statement& bind(int position, const std::optional<std::int64_t>& value);

  /// True when there is a row. Throws journal_full or journal_failed.
  bool step();
  void run();  ///< steps to the end

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  ///< valid until the next step
  std::string_view blob(int column) const;
  bool is_null(int column) const;
  std::optional<std::string> optional_text(int column) const;
  std::optional<std::int64_t> optional_integer(int column) const;

 private:
  sqlite3_stmt* statement_;
  Connection& connection_;
};

/// One connection, used by one thread at a time. After the first failing statement all others fail with the same error
/// until `settle`: SQLite may have rolled back the whole transaction on its own, and whoever swallowed the error would
/// otherwise go on outside any transaction.
class Connection {
 public:
  /// `unchanging`: read-only, for a cleanly closed journal that no process writes; needs no files beside it.
  enum class Mode { read_write, read_only, unchanging };
  /// The file must be there. Throws journal_failed when it cannot be opened or is damaged, journal_full.
  Connection(const std::string& path, Mode mode, const std::string& vfs = {});
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The statement for this SQL (a string literal: it is the cache's key), reset and without bindings.
  Statement prepare(const char* sql);
  /// A statement of the caller's own, to be finalized by him. Null is never returned.
  sqlite3_stmt* prepare_own(std::string_view sql);
  void execute(const std::string& sql);
  std::int64_t last_row_id() const;
  std::int64_t changes() const;
  sqlite3* handle() const { return database_; }
  const std::string& path() const { return path_; }

  /// Pages in the WAL after this connection's last commit.
  int wal_pages() const { return wal_pages_; }
  /// Copies the WAL's pages into the database, as far as readers let it; with `wait`, waits a quarter of a second for
  /// readers to leave the WAL, so that it starts from its beginning again. False when something stood in the way that
  /// may pass: a reader, a full disk. Throws journal_failed.
  bool checkpoint(bool wait);
  /// All of the WAL into the file, and the WAL emptied; false when a reader is in the way for longer than a moment.
  bool truncate_wal();

  bool in_transaction() const;
  /// What the first failing statement since `settle` threw.
  std::exception_ptr failure() const { return failure_; }
  /// Ends open statements, rolls back what is open and forgets a failure.
  void settle();

  /// Throws for an SQLite result, remembering it.
  [[noreturn]] void fail(int result);
  void refuse_after_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  bool checkpoint_as(int mode);
  void configure(Mode mode);
  void close();

  std::string path_;
  sqlite3* database_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  std::exception_ptr failure_;
  int wal_pages_ = 0;
};

/// The place among `names` of one that the journal keeps for `what`; journal_failed for one that this program does not know.
std::size_t place_of(std::string_view name, std::span<const std::string_view> names, std::string_view what);

}  // namespace engine::journal
