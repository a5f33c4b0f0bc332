// Compares batches of rows, as the source gives them, with the row images.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/capture/reading/cycle_writer.h"
#include "engine/capture/reading/keyed_batch.h"

namespace engine::capture {

/// Keys whose rows must be read again before anything is believed of them: encoded key to the key as the source gave it.
using DoubtfulKeys = std::map<std::string, model::SourceKey, std::less<>>;

class Merge {
 public:
  Merge(journal::Journal& journal, const TrackedTable& table, PassBitmap& seen, CycleWriter& writer)
      : journal_(journal), table_(table), seen_(seen), writer_(writer) {}

  /// Unknown keys go to the writer as inserts, differing digests as updates, equal ones only into the bitmap. The first
  /// reading of a key stands; a second one makes it doubtful: the row moved while the pass went on, or the key is not unique.
  /// Throws source_bad_data when that happens so often that the source must be giving the same rows again and again.
  void add(const model::RowBatch& rows);

  /// The last row read was an insert or update. A chunk begins behind the last key of the one before: a second row
  /// with that key would hide there.
  bool last_row_differed() const { return last_row_differed_; }
  void doubt(std::string_view key, const model::SourceKey& source_key) { doubtful_.emplace(key, source_key); }
  /// Encoded key of the last row read.
  std::string_view last_key() const { return keys_.key(keys_.size() - 1); }
  bool is_in_doubt() const { return !doubtful_.empty(); }
  DoubtfulKeys take_doubtful() { return std::exchange(doubtful_, {}); }

  /// Gives the journal's connection back; the next batch takes one again and sees what was written meanwhile.
  void release();

 private:
  bool is_equal(std::size_t index) const;
  void compare(const model::RowBatch& rows, std::size_t index);
  void doubt_again(const model::RowBatch& rows, std::size_t index);

  journal::Journal& journal_;
  const TrackedTable& table_;
  PassBitmap& seen_;
  CycleWriter& writer_;
  KeyedBatch keys_;
  DoubtfulKeys doubtful_;
  std::size_t doubted_ = 0;
  bool last_row_differed_ = false;
  std::optional<journal::Journal::Lease> lease_;
  std::unique_ptr<journal::ImageCursor> cursor_;  ///< behind the lease: it goes first
};

}  // namespace engine::capture
