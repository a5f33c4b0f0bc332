// A log that the database keeps by itself, as one table's change log: what it tells is journaled first, and read from there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/capture/reading/reading.h"
#include "engine/capture/tail/feed_turns.h"
#include "engine/model/source/change_feed.h"

namespace engine::capture {

/// The source may forget what the journal has: no table keeps it waiting, whether paused, slow or under its first snapshot. A table that was not among
/// those the log was read for, or has another one behind its name now, gets an entry that wants all rows read; so do all when the log is lost.
class FedLog final : public model::ChangeLog {
 public:
  /// What a table remembers from one look to the next: which of the readings it has seen.
  using Seen = std::optional<std::uint64_t>;

  FedLog(std::unique_ptr<model::ChangeFeed> feed, const CycleScope& scope, FeedTurns& turns, Seen& seen);

  void require_installed() override { feed_->require_table(); }
  void require_usable() override { feed_->require_usable(); }
  void refresh(bool at_once) override;
  bool has_entries() override { return waiting().changes > 0; }
  Backlog backlog() override;
  void rewind() override;
  bool next_page(std::vector<model::LoggedChange>& into) override;
  std::string forget() override;
  void give_up() override;

 private:
  struct Member {
    std::optional<std::int64_t> table_id;  ///< none: the journal does not know it yet
    std::string identity;
  };
  journal::ChangeFeeds::Waiting waiting() const { return journal_.read()->feeds.waiting(table_id_); }
  void take_in(FeedTurns::Turn& turn);
  [[noreturn]] void refuse_to_begin(const std::string& reason) const;
  void tell(const model::ChangeFeed::Standing& standing) const;
  void begin_anew(journal::ChangeFeed& feed, const std::string& reason);
  std::vector<Member> members();
  void register_members(const std::vector<Member>& members, journal::ChangeFeed& feed);
  void keep(const model::ChangeFeed::Batch& batch, const std::vector<Member>& members, journal::ChangeFeed& feed, FeedTurns::Turn& turn);
  void want_all_rows(journal::Records& records, std::int64_t table_id) const;

  std::unique_ptr<model::ChangeFeed> feed_;
  const settings::TableDefinition& definition_;
  journal::Journal& journal_;
  const Clock& clock_;
  std::int64_t table_id_;
  std::string log_;
  FeedTurns::Turn& turn_;
  Seen& seen_;
  std::int64_t last_id_ = 0;          ///< of the last page
  std::int64_t pages_end_ = 0;        ///< the last id that pages go to
  std::int64_t keyless_up_to_ = 0;    ///< entries without a key that the look saw
};

/// What the log is called in the journal, for one connection.
std::string log_title(const settings::TableDefinition& table);

}  // namespace engine::capture
