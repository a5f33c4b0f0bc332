// Which transactions cannot be told apart, since a row that both changed was read only once.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine::capture {

/// Of one cycle. A row shows what its last transaction made of it: shown with that one alone, the others of the same row would lack it. Pure.
class TransactionTies {
 public:
  using Tie = std::pair<std::string, std::string>;
  /// The log names this row for the transaction; empty: it names none. Returns the tie that follows, unless it was returned before. An empty
  /// side ties to all of the cycle, which is also what follows when more rows are named than are remembered.
  std::optional<Tie> note(std::string_view key, const std::optional<std::string>& transaction);
  /// A row with this key was read. May say so of another one, of the same hash.
  bool has_read(std::string_view key) const;
  void clear();

 private:
  std::uint32_t number_of(const std::string& transaction);

  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<const std::string*> names_;
  /// Hashes of keys, each with the transaction that named it last. Two keys of one hash tie transactions that could be told apart, no more.
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> last_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> told_;
};

}  // namespace engine::capture
