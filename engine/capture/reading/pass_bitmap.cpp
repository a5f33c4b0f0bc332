#include "engine/capture/reading/pass_bitmap.h"

namespace engine::capture {

bool PassBitmap::contains(std::int64_t ordinal) const {
  const auto index = static_cast<std::uint64_t>(ordinal);
  const std::size_t block = index / bits_per_block;
  if (block >= blocks_.size() || !blocks_[block]) return false;
  return ((*blocks_[block])[index % bits_per_block / 64] >> (index % 64) & 1) != 0;
}

void PassBitmap::add_block(std::size_t block) {
  if (block >= blocks_.size()) blocks_.resize(block + 1);
  blocks_[block] = std::make_unique<Block>();
}

}  // namespace engine::capture
