// A batch of rows with the encoded key and the digest of each, in key order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/key.h"
#include "engine/model/row.h"

namespace engine::capture {

/// The server's order is not ours (collations, EBCDIC), so a batch that does not ascend by encoded key is sorted here.
/// The order makes the walk over the images fast; nothing depends on it.
class KeyedBatch {
 public:
  /// Throws source_bad_data, with the row, for a NULL in a key.
  void fill(const model::Layout& layout, const model::RowBatch& rows);

  std::size_t size() const { return digests_.size(); }
  /// Index in the batch of the row that is `position`-th by key.
  std::size_t in_order(std::size_t position) const { return ascending_ ? position : order_[position].index; }
  std::string_view key(std::size_t index) const {
    return std::string_view(keys_).substr(starts_[index], starts_[index + 1] - starts_[index]);
  }
  const model::Digest& digest(std::size_t index) const { return digests_[index]; }

 private:
  struct Place {
    std::uint64_t prefix;  ///< first bytes of the key, which settle most comparisons
    std::uint32_t index;
  };
  void encode(const model::Layout& layout, model::RowView row);
  void sort();

  std::string keys_;  ///< all keys, one behind the other: no allocation for a row
  std::vector<std::uint32_t> starts_;
  std::vector<model::Digest> digests_;
  std::vector<Place> order_;
  bool ascending_ = true;
};

}  // namespace engine::capture
