// What the functions of one mapper may know: the change under way, and what they remember between calls.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/map/functions/plain_number.h"
#include "engine/map/functions/regex.h"
#include "engine/map/nested_rows.h"
#include "engine/model/row.h"

namespace engine::map {

/// The change being mapped. On a delete `after` is the last image, so that bare names still read it.
struct RowState {
  std::optional<model::RowView> after;
  std::optional<model::RowView> before;
  std::int64_t time_ms = 0;
  std::uint64_t number = 0;  ///< which one it is of those that this mapper saw
};

/// One mapper's, used by one thread at a time.
struct FunctionState {
  const model::Layout* layout = nullptr;
  std::vector<NestedRows> nested;  ///< the nested tables of `layout`
  RowState row;
  std::map<std::string, CompiledRegex, std::less<>> patterns;
  std::unordered_map<std::string, PlainNumbers> phone_regions;  ///< by region, as far as asked for
  std::u16string utf16;                                         ///< scratch of regexp
  /// Column positions that changed() was asked for, by the name's text.
  std::vector<std::pair<std::string, std::size_t>> changed_columns;
};

}  // namespace engine::map
