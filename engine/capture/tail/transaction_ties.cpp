#include "engine/capture/tail/transaction_ties.h"

#include <xxhash.h>

namespace engine::capture {

namespace {

/// A few megabytes. What names more rows between two looks is no transaction that goes anywhere together.
constexpr std::size_t keys_max = 200'000;

}  // namespace

std::uint32_t TransactionTies::number_of(const std::string& transaction) {
  const auto [at, is_new] = numbers_.try_emplace(transaction, static_cast<std::uint32_t>(names_.size()));
  if (is_new) names_.push_back(&at->first);
  return at->second;
}

std::optional<TransactionTies::Tie> TransactionTies::note(std::string_view key, const std::optional<std::string>& transaction) {
  const std::uint32_t number = number_of(transaction.value_or(""));
  const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
  std::uint32_t before = number;
  if (const auto known = last_.find(hash); known != last_.end()) {
    before = std::exchange(known->second, number);
  } else if (last_.size() < keys_max) {
    last_.emplace(hash, number);
  } else {
    before = number_of("");
  }
  if (before == number || !told_.emplace(number, before).second) return std::nullopt;
  return Tie{*names_[number], *names_[before]};
}

bool TransactionTies::has_read(std::string_view key) const { return last_.size() >= keys_max || last_.contains(XXH3_64bits(key.data(), key.size())); }

/// A large transaction's table is given back, too.
void TransactionTies::clear() { *this = TransactionTies(); }

}  // namespace engine::capture
