// Which row images one pass has seen.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/capture/reading/ordinal_runs.h"

namespace engine::capture {

/// A set of ordinals. Ordinals of all tables share one number range, so memory is taken only for the blocks in use:
/// 125 KB for a million neighbouring ones.
class PassBitmap {
 public:
  /// False when it was marked before.
  bool mark(std::int64_t ordinal) { return mark(ordinal, recorded_.get()); }
  /// Adds it to these, too, unless they are null.
  bool mark(std::int64_t ordinal, OrdinalRuns* recorded) {
    const auto index = static_cast<std::uint64_t>(ordinal);
    const std::size_t block = index / bits_per_block;
    if (block >= blocks_.size() || !blocks_[block]) add_block(block);
    std::uint64_t& word = (*blocks_[block])[index % bits_per_block / 64];
    const std::uint64_t bit = std::uint64_t{1} << (index % 64);
    if ((word & bit) != 0) return false;
    word |= bit;
    ++marked_;
    if (recorded != nullptr) recorded->add(ordinal);
    return true;
  }
  /// What is marked from now on is added there, too; null: nowhere.
  void record(std::shared_ptr<OrdinalRuns> recorded) { recorded_ = std::move(recorded); }
  const std::shared_ptr<OrdinalRuns>& recorded() const { return recorded_; }

  bool contains(std::int64_t ordinal) const;
  std::int64_t marked() const { return marked_; }

 private:
  static constexpr std::size_t bits_per_block = 32'768;
  using Block = std::array<std::uint64_t, bits_per_block / 64>;

  void add_block(std::size_t block);

  std::vector<std::unique_ptr<Block>> blocks_;
  std::int64_t marked_ = 0;
  std::shared_ptr<OrdinalRuns> recorded_;
};

}  // namespace engine::capture
