// Personal data in samples: found by the column's name or the shape of its values, shown by shape alone. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/model/layout.h"

namespace engine::operate {

/// What a column seems to hold ("mail address", "name or address"…), or empty. One value of a telling shape is enough: a sample that
/// shows too little costs a second look, one that shows too much cannot be taken back.
std::string personal_kind(const model::Column& column, std::span<const std::string> values);

/// Letters become x or X, digits 9, all else stays: length and shape are kept. Letters beyond ASCII become x.
std::string masked(std::string_view value);

}  // namespace engine::operate
