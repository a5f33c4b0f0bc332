// A journal of IBM i, receiver by receiver: where its entries stand, and which of them a transaction still holds back. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/source/change_log.h"

namespace connectors::odbc {

/// Sequence numbers may begin anew with a receiver, so a place in a journal has both.
struct JournalPosition {
  std::string library, receiver;
  std::int64_t sequence = 0;
};

struct Receiver {
  std::string library, name;
  bool readable = true;
  std::int64_t first = 0, last = 0;  ///< of its sequence numbers
  std::optional<std::int64_t> detached_s{};  ///< how long ago it was full; none: it is attached
};

/// What the system's own habit says about a place in a journal: it deletes receivers as old as the oldest that it still has.
struct ReceiverOutlook {
  std::int64_t behind = 0;             ///< entries of all files behind the place
  std::optional<std::int64_t> kept_s;  ///< how long a receiver is there, at least, after it was detached; none: no detached one is there to tell
  /// Until the place's receiver is as old as the oldest now is, at least; none: nothing tells.
  std::optional<std::int64_t> left_s;
};

/// Entries of one receiver, both ends included.
struct Stretch {
  std::size_t receiver = 0;  ///< its number in the chain
  std::int64_t first = 0, last = 0;
};

/// The receivers of a journal, oldest first.
class ReceiverChain {
 public:
  /// At most so many entries are read by one statement: the system looks through all of them, whatever is asked of them.
  static constexpr std::int64_t stretch_max = 50'000;

  ReceiverChain() = default;
  explicit ReceiverChain(std::vector<Receiver> receivers) : receivers_(std::move(receivers)) {}

  const Receiver& at(std::size_t number) const { return receivers_.at(number); }
  /// The last entry there is. The chain is not empty.
  JournalPosition end() const;
  /// So many entries before the end, as far as receivers can be read without a gap.
  JournalPosition before_end(std::int64_t entries) const;
  /// Throws LogLost when the receiver is gone or cannot be read.
  std::size_t number_of(const JournalPosition& position) const;
  /// All entries from there to the end. Throws LogLost when some of them are gone.
  std::vector<Stretch> from(const JournalPosition& position) const;
  /// Throws LogLost as `from`.
  ReceiverOutlook outlook(const JournalPosition& position) const;
  /// Sequence numbers begin anew with this receiver.
  bool is_reset(std::size_t number) const { return number > 0 && receivers_[number].first <= receivers_[number - 1].last; }

 private:
  bool follows(std::size_t number) const { return is_reset(number) || receivers_[number].first == receivers_[number - 1].last + 1; }

  std::vector<Receiver> receivers_;
};

/// A row that a journal entry is about.
struct RowHint {
  std::int64_t place = 0;  ///< its relative record number
  bool appears = false;    ///< the entry puts a row there: none stood there before
  engine::model::Provenance provenance;
  std::vector<engine::model::Provenance> earlier{};  ///< of other transactions that changed the same place before
};

/// One for each place, as the first said what stood there, with the last provenance.
std::vector<RowHint> one_a_place(std::vector<RowHint> hints);

/// Hints of transactions that are not over. Entries stand in the journal before their commit: a row that is read again by then still looks as before.
class OpenCycles {
 public:
  /// A transaction that touched more rows than that is not worth following: all rows are read when it is over.
  static constexpr std::size_t hints_max = 100'000;

  void add(std::int64_t cycle, const JournalPosition& at, RowHint hint);
  /// Its hints, none of a cycle that did not touch the file. Nullopt: too many to be kept, any row may have changed.
  std::optional<std::vector<RowHint>> close(std::int64_t cycle);
  bool empty() const { return cycles_.empty(); }
  /// Where the oldest that is open first touched the file: the mark does not pass it.
  std::optional<JournalPosition> oldest() const;

 private:
  struct Cycle {
    std::int64_t order = 0;
    JournalPosition at;
    std::optional<std::vector<RowHint>> hints;
  };
  std::map<std::int64_t, Cycle> cycles_;
  std::int64_t added_ = 0;
};

}  // namespace connectors::odbc
