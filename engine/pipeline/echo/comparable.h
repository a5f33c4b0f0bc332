// Values as they are written and as a table then shows them, brought into one form. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/model/fields.h"
#include "engine/model/layout.h"
#include "engine/model/row.h"

namespace engine::pipeline {

/// A captured cell: numbers without zeros that say nothing, text without blanks at its end, a timestamp at midnight as its date.
std::string comparable_text(model::ColumnType type, std::string_view canonical);
/// A written value in the same form; none is NULL.
std::optional<std::string> comparable_text(model::ColumnType type, const model::FieldValue& written);

/// The row's values are those of `written`, as far as its columns are captured.
bool holds_what_was_written(const model::Layout& layout, const model::RowView& row, const model::FieldMap& written);

}  // namespace engine::pipeline
