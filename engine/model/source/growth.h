// Reading rows by columns that only grow: the time of the last change, a counter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/key.h"

namespace engine::model {

/// What a column can grow as.
enum class Growth : std::uint8_t {
  none,
  counter,  ///< integers and exact decimals
  day,      ///< a date
  moment,   ///< a date with a time
};

/// Text counts as moments: some databases keep their times as text. Whether one does is known by the dialect alone, so `Source::now` refuses
/// the others.
Growth growth_of(const Column& column);

/// The rows in which one column has at least this value; without a value, those in which it is not NULL.
struct GrowthBound {
  std::size_t column = 0;           ///< its position in the layout
  std::optional<std::string> from;  ///< in canonical form
};

/// Rows of one bound, less those of others, in the order of the bound's column and then of the key.
struct GrowthRange {
  struct Place {
    std::string value;  ///< of the bound's column, in canonical form
    SourceKey key;
  };
  GrowthBound within;
  std::vector<GrowthBound> without;
  std::optional<Place> behind;  ///< only what comes after it
};

}  // namespace engine::model
