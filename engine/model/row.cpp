#include "engine/model/row.h"

// The hash is compiled in: a call through the library for each row would cost as much as hashing a short one.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/error.h"
#include "engine/model/key.h"

namespace engine::model {

void RowBatch::begin(std::size_t columns) {
  used_ = 0;
  starts_.resize(1);
  columns_ = columns;
  rows_ = 0;
  key_bytes_.clear();
  key_ends_.clear();
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

void RowBatch::end_row() {
  ++rows_;
  ENGINE_ASSERT(columns_ != 0 && starts_.size() == rows_ * columns_ + 1);
}

void RowBatch::append_key(const SourceKey& key) {
  for (const std::string& part : key.parts) append_key_part(part);
}

SourceKey RowBatch::source_key(std::size_t index) const {
  ENGINE_ASSERT(index < rows() && key_ends_.size() % rows() == 0);
  const std::size_t parts = key_ends_.size() / rows();
  SourceKey key;
  for (std::size_t part = index * parts; part < (index + 1) * parts; ++part) {
    const std::size_t start = part == 0 ? 0 : key_ends_[part - 1];
    key.parts.push_back(key_bytes_.substr(start, key_ends_[part] - start));
  }
  return key;
}

Digest digest_of(RowView row) {
  const std::string_view bytes = row.canonical_bytes();
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

}  // namespace engine::model
