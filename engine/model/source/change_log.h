// The seam to a log in which a source itself says which rows of a table changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/model/key.h"

namespace engine::model {

/// Where a change comes from, as far as the source tells.
struct Provenance {
  std::optional<std::string> transaction;
  std::optional<std::int64_t> time_ms;
  std::optional<std::string> user;
};

/// One entry: a row with this key was inserted, updated or deleted. What became of it is read from the table.
struct LoggedChange {
  std::vector<std::string> cells;  ///< of the key, in canonical form and key order; none: no row stands at the place
  SourceKey key;
  Provenance provenance;
  /// Where a row stands in its file, in logs that know rows by it alone: one that stood there before is meant, too.
  std::optional<std::int64_t> place{};
  bool stood_there = false;  ///< a row stood at the place before
};

/// What a source knows a table by that is read by a log.
struct LoggedTable {
  std::string name;  ///< of its definition
  std::string from;
  std::vector<std::string> key;
};

/// Which log, and under which name the table's entries stand in it: several tables share one.
struct LogName {
  std::string log;
  std::string table;
  std::string by = "triggers";      ///< what fills it: triggers, or the database itself (slot, versions)
  std::vector<LoggedTable> tables;  ///< `slot`, `versions`: all that share it, this one included
  std::int64_t overlap_ms = 0;      ///< `versions`: how much later than its changes a transaction may commit
};

/// The log does not reach back to the mark any more, or stands before it: only a reading of all rows tells what changed.
class LogLost : public Error {
 public:
  explicit LogLost(const std::string& message, Context context = {}) : Error(ErrorCode::source_busy, message, std::move(context)) {}
};

/// The entries of one table. Used like its source: blocking, one thread at a time, while no row stream is open; not beyond `Source::close`.
/// Everything throws Error source_*; what reads entries also LogLost.
class ChangeLog {
 public:
  virtual ~ChangeLog() = default;
  /// Called first. `mark` is what `forget` last gave for this table; empty: nothing is known, and the log begins here. Logs whose entries are deleted
  /// have none: what is there was not handled.
  virtual void resume(const std::string& /*mark*/) {}
  /// Takes in what was logged since, where that is not seen by itself. Unless `at_once`, what another table's look took in since this one's last will do.
  virtual void refresh(bool at_once) { static_cast<void>(at_once); }
  /// Throws source_refused, saying what is missing, unless all that happens to the table is logged.
  virtual void require_installed() = 0;
  /// As `require_installed`, and unless entries may be deleted; nothing is.
  virtual void require_usable() = 0;
  /// What a person should know before the log is relied on: how far it goes back, what may make it forget.
  virtual std::vector<std::string> remarks() { return {}; }
  /// Entries stay until `forget` deletes them, so that they may be followed while all rows are read, too. Without it a mark is all there is.
  virtual bool keeps_entries() const { return true; }
  /// A row that two transactions changed is named for both. Else for the last one alone: what else they changed cannot be told apart.
  virtual bool names_each_change() const { return true; }
  /// Whether anything is logged: one cheap statement.
  virtual bool has_entries() = 0;

  struct Backlog {
    std::int64_t entries = 0;
    bool names_all_rows = false;  ///< an entry names no key: the table was emptied at once, or the log begins here
  };
  /// Entries that name no key are handled by it: who calls it reads all rows afterwards.
  virtual Backlog backlog() = 0;

  /// The next page is the first one.
  virtual void rewind() = 0;
  /// The next entries in the order they were made; inside a view of the source those of that moment. False: there are no more.
  virtual bool next_page(std::vector<LoggedChange>& into) = 0;

  /// Deletes exactly the entries that were handled: what pages gave, and what `backlog` found to name no key. Or gives, as JSON, the mark behind
  /// which nothing was: that of the last `rewind`, else of `resume` or `backlog`, since all rows were read after it.
  virtual std::string forget() = 0;
  /// Deletes all entries of the table: they are too many to be worth reading.
  virtual void give_up() = 0;

  /// Entries name rows by their places. Then the places of all rows are asked for before all rows are read.
  virtual bool knows_places() const { return false; }
  virtual void rewind_places() {}
  /// All rows with their places, in no order. False: there are no more.
  virtual bool next_places(std::vector<LoggedChange>& /*into*/) { return false; }
};

}  // namespace engine::model
