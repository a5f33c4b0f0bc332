// One open connection: made from a connection string and a dialect, closed with the object.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/odbc/bound/watchdog.h"
#include "connectors/odbc/diagnostics.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

/// What a connection is opened for.
enum class SessionUse {
  read,
  stream,  ///< a whole table
  write,   ///< a target
  log,     ///< as a target is written: a source's change log
};

/// The string with the dialect's options for that use behind it. Keys that are there win.
std::string full_connection_string(const engine::settings::SourceConnection& connection,
                                   const engine::settings::DialectDefinition& dialect, SessionUse use);

/// Used by one thread at a time. What is made from it holds it by shared_ptr.
class Session {
 public:
  /// Connects and sends the dialect's session statements. One that writes begins a transaction with its first statement. Throws Error source_unreachable, source_refused, environment_missing.
  Session(const engine::settings::SourceConnection& connection, const engine::settings::DialectDefinition& dialect, SessionUse use,
          std::shared_ptr<engine::SignOfLife> sign = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Handle handle() const { return handle_; }
  const engine::settings::SourceConnection& connection() const { return connection_; }
  const engine::settings::DialectDefinition& dialect() const { return dialect_; }
  std::string_view role() const { return use_ == SessionUse::write ? "target" : "source"; }
  /// Another for each connection of the process.
  std::uint64_t number() const { return number_; }
  bool writes() const { return use_ == SessionUse::write || use_ == SessionUse::log; }
  Watchdog& watchdog() { return watchdog_; }
  /// What the catalogue said of a key's index, by table and key, and when: each asking costs several round trips.
  struct KnownIndex {
    bool leads_with_key = false;
    std::chrono::steady_clock::time_point asked;
  };
  std::map<std::string, KnownIndex>& known_indexes() { return known_indexes_; }
  /// SQLGetData may be called for a column that is bound.
  bool getdata_of_bound() const { return getdata_of_bound_; }
  bool supports_catalogs() const { return supports_catalogs_; }
  /// How the server keeps names that were not quoted.
  enum class NameCase { upper, lower, as_is };
  NameCase name_case() const { return name_case_; }

  /// Runs a statement whose result nobody reads. No driver looks for escapes in it: the text of a trigger is the server's own.
  void run(const std::string& sql, std::string_view doing);
  /// Commits or rolls back what a session that writes has under way. Throws as all do.
  void end_transaction(bool commit);

  /// Of a statement that may be under watch, too.
  std::vector<Diagnostic> diagnostics(HandleKind kind, Handle handle) const;
  /// The error of a call that failed. Whatever the driver calls it, on a dead connection it is source_unreachable.
  engine::Error error(HandleKind kind, Handle handle, std::string_view doing) const;
  [[noreturn]] void fail(HandleKind kind, Handle handle, std::string_view doing) const { throw error(kind, handle, doing); }
  /// Of a statement that was watched: one that the watchdog cancelled is source_busy.
  [[noreturn]] void fail_watched(Handle statement, std::string_view doing);

 private:
  void connect();
  void disconnect();
  void set_autocommit(bool on);
  void learn_traits();

  engine::settings::SourceConnection connection_;
  engine::settings::DialectDefinition dialect_;
  SessionUse use_;
  std::uint64_t number_;
  Handle handle_ = nullptr;
  mutable Watchdog watchdog_;
  std::map<std::string, KnownIndex> known_indexes_;
  bool connected_ = false;
  bool getdata_of_bound_ = false;
  bool supports_catalogs_ = false;
  NameCase name_case_ = NameCase::as_is;
};

/// Where a driver knows the attribute, the server ends the statement; the watchdog stands behind it.
void set_query_timeout(const Session& session, Handle statement);

}  // namespace connectors::odbc
