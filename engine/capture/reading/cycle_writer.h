// What one cycle found, on its way into the journal: changes, images and checkpoint in one transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/capture/capture_mode.h"
#include "engine/capture/reading/moved_rows.h"
#include "engine/capture/reading/older_images.h"
#include "engine/capture/reading/pass_bitmap.h"
#include "engine/capture/tracked_table.h"
#include "engine/model/source/change_log.h"

namespace engine::capture {

/// A row just read, with what was made of it.
struct SeenRow {
  model::RowView row;
  std::string_view key;  ///< encoded
  model::Digest digest;
  model::SourceKey source_key;
};

/// Who changed the rows with these encoded keys, when, and in which transaction, as the source's log says.
using Provenances = std::map<std::string, model::Provenance, std::less<>>;

class CycleWriter {
 public:
  CycleWriter(journal::Journal& journal, const Clock& clock, const TrackedTable& table, settings::Initial initial,
              PassBitmap& seen);

  /// A key without an image. The first snapshot makes no change of it, or a `snapshot` one, as `initial:` says.
  void insert(const SeenRow& seen);
  /// A row whose digest is not its image's. Where the images are equal all the same (another canonical form, other columns or another order of
  /// them) only the image is renewed.
  void update(journal::RowImage before, const SeenRow& seen);
  /// A row that was read again by its key and is not there.
  void erase(journal::RowImage image);

  /// From here on rows that come and rows that go wait for one another: one that is known again by these columns is told as one that moved.
  void watch_moves(std::vector<std::size_t> identity) { moved_.watch(std::move(identity)); }
  /// A row that was taken for gone, or for new, in this cycle was read again by its key.
  void is_there(std::string_view key) { moved_.is_there(key); }
  void is_gone(std::string_view key) { moved_.is_gone(key); }
  /// Commits all, what waits for moves included: of a row that moved an update under its new key, which has its old image before, and in the end, with what
  /// else went, the delete of its old one.
  void settle_moves();

  /// An insert of this key waits to be written.
  bool holds(std::string_view key) const { return insert_keys_.contains(std::string(key)) || moved_.has_come(key); }
  /// Enough waits to fill a transaction.
  bool is_full() const { return bytes_ >= bytes_max || moved_.is_full(); }
  void rows_read(std::int64_t rows) { result_.rows_read += rows; }

  /// Commits what waits; nothing at all when nothing does. New images are marked as seen. With `up_to` the first snapshot
  /// goes on behind that key.
  void write(const std::optional<model::SourceKey>& up_to = std::nullopt);
  /// All that had to be read was: closes the cycle, and the table is watched from `position` on. Without changes it only notes, at
  /// most once a minute, that a cycle was made.
  void finish(std::int64_t rows_in_table, const Position& position);
  /// Changes of these keys are journaled with their provenance from here on. Nothing may wait to be written.
  void attribute(Provenances provenances);
  /// A row that is journaled once was changed by both transactions.
  void tie(std::string transaction, std::string to) { ties_.emplace_back(std::move(transaction), std::move(to)); }
  /// What the cycle is called in the journal; "snapshot" for the first.
  void call_it(std::string kind) { kind_ = std::move(kind); }

  /// While all is read in a mode that otherwise reads less: whether the mode itself would have seen this row. What it would not
  /// is counted as healed, deletes always.
  using IsVisible = std::function<bool(const model::RowView& row)>;
  void watch(IsVisible is_visible) { is_visible_ = std::move(is_visible); }

  const CycleResult& result() const { return result_; }
  /// Images inserted less images erased.
  std::int64_t growth() const { return growth_; }

 private:
  using Effect = Found::Effect;
  static constexpr std::size_t bytes_max = 4 << 20;

  const model::Provenance* provenance_of(const Found& found) const;
  void hold(Found found);
  void keep(Found found);
  void become_move(Found& came, Found& went);
  void commit(const std::optional<model::SourceKey>& up_to);
  journal::RowImage image_of(const SeenRow& seen) const;
  std::optional<std::string> locator_of(const SeenRow& seen) const;
  std::optional<std::string> changed_names(journal::RowImage& before, const std::string& after);
  std::int64_t apply(journal::Records& records, std::int64_t cycle_id, std::int64_t now_ms, Found& found);
  void count(const Found& found);
  void write_ties(journal::Records& records, std::int64_t cycle_id) const;
  bool worth_noting(std::int64_t now_ms) const;

  journal::Journal& journal_;
  const Clock& clock_;
  const TrackedTable& table_;
  std::optional<model::Operation> insert_operation_;
  PassBitmap& seen_;
  std::string kind_ = "diff";
  IsVisible is_visible_;
  std::optional<std::int64_t> cycle_id_;
  Provenances provenances_;
  std::vector<Found> found_;
  std::vector<std::pair<std::string, std::string>> ties_;  ///< to be written once the cycle has an id
  std::unordered_set<std::string> insert_keys_;
  std::size_t bytes_ = 0;
  CycleResult result_;   ///< of the cycle so far, what waits included
  CycleResult written_;  ///< what of it stands in the cycle's row
  std::int64_t growth_ = 0;
  MovedRows moved_;
  OlderImages older_;
  const model::Layout key_layout_;
  model::RowBatch compared_;  ///< room for the two images of an update
};

}  // namespace engine::capture
