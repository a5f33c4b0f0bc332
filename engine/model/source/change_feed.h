// The seam to a log of its own that a database keeps anyway: a replication slot, the history of a versioned table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/source/change_log.h"

namespace engine::model {

/// Read forward from a position, for all tables that share it. What it told is kept elsewhere, then it may forget it. Used like its source: blocking,
/// one thread at a time, while no row stream is open; not beyond `Source::close`. Everything throws Error source_*.
class ChangeFeed {
 public:
  virtual ~ChangeFeed() = default;
  /// Throws source_refused, saying what is missing, unless a feed can tell the key of whatever changes in this table.
  virtual void require_table() = 0;
  /// As `require_table`, and unless the feed is there, and the server is safe from one that nobody reads.
  virtual void require_usable() = 0;
  /// Of the table that `require_table` looked at: which of its changes are of one transaction.
  virtual bool tells_transactions() const { return true; }
  /// For each of the tables what stands behind its name at this moment, as one word; empty: nothing.
  virtual std::vector<std::string> identities() = 0;

  struct Standing {
    std::string lost;  ///< why it cannot tell all that was committed behind the position; empty: it can
    std::int64_t retained_bytes = 0;
    std::int64_t behind_bytes = 0;
  };
  /// `position` as `read` gave it; empty: none yet.
  virtual Standing standing(const std::string& position) = 0;
  /// Makes it anew, in the place of one that is lost or too far behind. It tells what is committed from here on.
  virtual void begin_anew() = 0;

  struct News {
    std::size_t table = 0;
    std::optional<std::string> key;  ///< for `change_of`; none: any row of the table may have changed
    Provenance provenance;
  };
  struct Batch {
    std::vector<News> news;  ///< of whole transactions, in the order of their commits
    std::string position;    ///< behind them
  };
  using Take = std::function<void(const Batch&)>;
  /// After `standing`, which found nothing lost: what was committed behind the position and is visible to whoever reads rows from here on. Something
  /// may be told twice.
  virtual void read(const std::string& position, const Take& take) = 0;
  /// All up to the position is kept elsewhere.
  virtual void confirm(const std::string& position) = 0;

  /// What a key of this table stands for.
  virtual LoggedChange change_of(const std::string& key, Provenance provenance) const = 0;
};

}  // namespace engine::model
