// What names and values of columns suggest: dates kept as numbers, columns that say when a row was modified, traps of the driver. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/layout.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/dialect_definition.h"

namespace engine::operate {

/// "from_cyymmdd", "from_yyyymmdd", or empty: the function that all values ask for. Zero means no date and decides nothing.
std::string date_function(const model::Column& column, std::span<const std::string> values);

/// Columns whose type and name say that they hold the time of the last change; those whose name does not say it are left out.
std::vector<std::string> modified_columns(const model::Layout& layout);

/// The text column whose name says that it holds who changed a row last; empty when none does.
std::string user_column(const model::Layout& layout);

/// Texts of the dialect's traps that apply to this driver, this connection string, and (when `layout` is given) these columns.
std::vector<std::string> traps_of(const settings::DialectDefinition& dialect, std::string_view driver,
                                  const settings::SourceConnection& connection, const model::Layout* layout);

/// What a connection string sets this key to; braces taken off.
std::optional<std::string> option_of(std::string_view connection_string, std::string_view key);

}  // namespace engine::operate
