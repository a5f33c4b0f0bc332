// What the comparisons of `verify` share: counting, with some samples.
#pragma once

#include <string>
#include <utility>

#include "engine/operate/review/verify/verify.h"

namespace engine::operate {

inline constexpr std::size_t repaired_keys_max = 10'000;

/// Counts one mismatch. `key`: the row's, to be read again; empty: no row stands for it.
inline void count(VerifiedSide& side, Mismatch mismatch, const std::string& key, std::size_t samples_max) {
  std::int64_t& number = mismatch.kind == MismatchKind::missing ? side.missing : mismatch.kind == MismatchKind::different ? side.different : side.extra;
  ++number;
  if (!key.empty() && side.keys.size() < repaired_keys_max) side.keys.push_back(key);
  if (number <= static_cast<std::int64_t>(samples_max)) side.samples.push_back(std::move(mismatch));
}

}  // namespace engine::operate
