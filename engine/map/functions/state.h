// What the functions of one mapper may know: the change under way, and what they remember between calls.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/model/row.h"

struct URegularExpression;

namespace engine::map {

/// The change being mapped. On a delete `after` is the last image, so that bare names still read it.
struct RowState {
  std::optional<model::RowView> after;
  std::optional<model::RowView> before;
  std::int64_t time_ms = 0;
};

struct RegexCloser {
  void operator()(URegularExpression* expression) const;
};
using CompiledRegex = std::unique_ptr<URegularExpression, RegexCloser>;

/// Parsing a phone number takes some 20 microseconds, and a record's number comes again with each of its changes:
/// the last results are kept, a slot a hash, a newcomer overwriting.
struct PhoneMemory {
  struct Entry {
    std::string asked;  ///< region, then the text as given; empty: never used
    std::optional<std::string> answer;
  };
  std::vector<Entry> entries;  ///< allocated at the first use
};

/// One mapper's, used by one thread at a time.
struct FunctionState {
  const model::Layout* layout = nullptr;
  RowState row;
  std::unordered_map<std::string, CompiledRegex> patterns;
  PhoneMemory phones;
  std::u16string utf16;  ///< scratch of regexp
  /// Column positions that changed() was asked for, by the name's text.
  std::vector<std::pair<std::string, std::size_t>> changed_columns;
};

}  // namespace engine::map
