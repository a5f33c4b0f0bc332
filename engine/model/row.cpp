#include "engine/model/row.h"

// The hash is compiled in: a call through the library for each row would cost as much as hashing a short one.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/error.h"

namespace engine::model {

namespace {
constexpr std::size_t prefix = sizeof(std::uint32_t);
}

void RowBatch::begin(std::size_t columns) {
  bytes_.clear();
  starts_.resize(1);
  columns_ = columns;
}

void RowBatch::append(std::string_view cell) {
  const auto size = static_cast<std::uint32_t>(cell.size());
  bytes_.append(reinterpret_cast<const char*>(&size), prefix).append(cell);
  starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
}

void RowBatch::append_null() {
  bytes_.append(reinterpret_cast<const char*>(&null_size), prefix);
  starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
}

char* RowBatch::append_space(std::size_t size) {
  const auto size32 = static_cast<std::uint32_t>(size);
  bytes_.append(reinterpret_cast<const char*>(&size32), prefix);
  bytes_.resize(bytes_.size() + size);
  starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  return bytes_.data() + bytes_.size() - size;
}

void RowBatch::shrink_last(std::size_t size) {
  ENGINE_ASSERT(starts_.size() > 1);
  const std::uint32_t start = starts_[starts_.size() - 2];
  ENGINE_ASSERT(start + prefix + size <= bytes_.size());
  const auto size32 = static_cast<std::uint32_t>(size);
  std::memcpy(bytes_.data() + start, &size32, prefix);
  bytes_.resize(start + prefix + size);
  starts_.back() = static_cast<std::uint32_t>(bytes_.size());
}

void RowBatch::end_row() { ENGINE_ASSERT(columns_ != 0 && (starts_.size() - 1) % columns_ == 0); }

Digest digest_of(RowView row) {
  const std::string_view bytes = row.canonical_bytes();
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

}  // namespace engine::model
