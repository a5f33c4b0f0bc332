// The seam to a log in which a source itself says which rows of a table changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
  std::vector<std::string> cells;  ///< of the key, in canonical form and key order
  SourceKey key;
  Provenance provenance;
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

/// The entries of one table. Used like its source: blocking, one thread at a time, while no row stream is open; not beyond `Source::close`.
/// Everything throws Error source_*.
class ChangeLog {
 public:
  virtual ~ChangeLog() = default;
  /// Takes in what was logged since, where that is not seen by itself. Unless `at_once`, what another table's look took in since this one's last will do.
  virtual void refresh(bool at_once) { static_cast<void>(at_once); }
  /// Throws source_refused, saying what is missing, unless all that happens to the table is logged.
  virtual void require_installed() = 0;
  /// As `require_installed`, and unless entries may be deleted; nothing is.
  virtual void require_usable() = 0;
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

  /// Deletes exactly the entries that were handled: what pages gave, and what `backlog` found to name no key.
  virtual void forget() = 0;
  /// Deletes all entries of the table: they are too many to be worth reading.
  virtual void give_up() = 0;
};

}  // namespace engine::model
