// `mode: tail`: the source's change log says which keys changed; their rows are read again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/capture/lookout.h"
#include "engine/capture/reading/reading.h"
#include "engine/capture/tail/fed_log.h"
#include "engine/capture/tail/transaction_ties.h"
#include "engine/model/source/change_log.h"

namespace engine::capture {

/// An entry is only a hint which row to read: what is there now is compared with its image, so that an entry read twice changes
/// nothing. Entries are deleted after their rows are journaled, exactly those that were read: one that becomes visible later, with
/// whatever number, waits for the next look. While all rows are read, chunk by chunk, such entries are followed in between. Of a log that the database
/// keeps a mark stands in the checkpoint instead.
class TailLookout final : public Lookout {
 public:
  /// `turns` are those of the table's connection.
  explicit TailLookout(std::shared_ptr<FeedTurns> turns) : turns_(std::move(turns)) {}

  Finding look(Reading& reading) override;
  void read_part(Reading& reading) override;
  void read_all(Reading& reading) override;
  std::string settle(Finding read) override;

 private:
  std::unique_ptr<model::ChangeLog> open_log(const CycleScope& scope);
  Finding look_at_log(Reading& reading, bool is_known);
  Finding after_loss(const CycleScope& scope, const Error& lost) const;
  void check_the_log(const CycleScope& scope);
  Finding after_giving_up(Reading& reading, std::int64_t entries);
  void read_guarded(Reading& reading, bool whole_transactions);
  bool read_entries(Reading& reading);
  void catch_up(Reading& reading);
  bool rows_are_ahead(Reading& reading);
  void forget();
  void read_news(Reading& reading);
  void read_page(Reading& reading, const std::vector<model::LoggedChange>& page);
  void report_healed();

  std::shared_ptr<FeedTurns> turns_;
  FedLog::Seen seen_;
  TransactionTies ties_;                   ///< of the cycle under way, where a pipeline delivers together
  std::unique_ptr<model::ChangeLog> log_;  ///< of the cycle under way; none where the source has no log
  const Reading* reading_ = nullptr;       ///< the cycle under way
  std::string mark_;                       ///< from where the log goes on; of this process, else of the checkpoint
  std::int64_t marked_ms_ = 0;             ///< when the checkpoint last got one
  bool forgotten_ = false;                 ///< what was read; pages were looked at since
  bool trusted_ = false;                   ///< the last look relied on the log
  bool streams_ = false;                   ///< entries may be followed while all rows are read
  std::int64_t streamed_ = 0;              ///< changes that entries told of while all rows were read
  std::int64_t repeated_ = 0;              ///< rows that a page of them named more than once
  std::int64_t known_ = 0;                 ///< entries of rows that the reading had come to before them
  std::int64_t checked_ms_ = 0;            ///< when its triggers were last seen to be there; 0: never
};

}  // namespace engine::capture
