#include "engine/model/row.h"

// The hash is compiled in: a call through the library for each row would cost as much as hashing a short one.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/error.h"

namespace engine::model {

void RowBatch::begin(std::size_t columns) {
  used_ = 0;
  starts_.resize(1);
  columns_ = columns;
}

void RowBatch::grow(std::size_t room) { bytes_.resize(used_ + room + used_ / 2); }

/// A driver says how long a value was only after it has written it.
void RowBatch::shrink_last(std::size_t size) {
  ENGINE_ASSERT(starts_.size() > 1);
  const std::uint32_t start = starts_[starts_.size() - 2];
  ENGINE_ASSERT(start + size_bytes + size <= used_);
  const auto size32 = static_cast<std::uint32_t>(size);
  std::memcpy(bytes_.data() + start, &size32, size_bytes);
  used_ = start + size_bytes + size;
  starts_.back() = static_cast<std::uint32_t>(used_);
}

void RowBatch::end_row() { ENGINE_ASSERT(columns_ != 0 && (starts_.size() - 1) % columns_ == 0); }

Digest digest_of(RowView row) {
  const std::string_view bytes = row.canonical_bytes();
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

}  // namespace engine::model
