// How each column of a statement is fetched: C type, buffer width, rows at once. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/model/layout.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

/// The C type that a driver converts to. Exact numerics travel as text: a DECIMAL never passes through a double.
enum class Wire : std::uint8_t { text, binary, real8, real4, date, timestamp };

struct ColumnPlan {
  engine::model::ColumnType type = engine::model::ColumnType::text;
  Wire wire = Wire::text;
  std::size_t width = 0;      ///< bytes of one cell's buffer, a terminator included
  bool trims = false;         ///< trailing blanks are padding, not value
  bool empty_is_null = false;
  bool may_exceed = false;    ///< a value of the described length need not fit
  bool wide_text = false;     ///< parameters: text is bound as one of any character
  std::size_t bytes_max = static_cast<std::size_t>(-1);  ///< a longer text was cut by the driver
};

struct ReadPlan {
  std::vector<ColumnPlan> columns;
  std::size_t rows = 1;   ///< one fetch
  std::size_t bound = 0;  ///< columns from here on are not bound but read by SQLGetData, in order
};

inline constexpr std::size_t text_width_max = 4096;
inline constexpr std::size_t array_bytes_max = 4'000'000;

/// `row_by_row`: something proved longer than described before, so nothing described is trusted.
ReadPlan plan_read(const engine::model::Layout& layout, const engine::settings::DialectDefinition& dialect,
                   engine::settings::CharPadding padding, bool getdata_of_bound, bool row_by_row);

/// How the parts of a key travel, in key order.
std::vector<ColumnPlan> key_plan(const ReadPlan& plan, const engine::model::Layout& layout);

/// Columns described as CHAR, by their type's name ("char", "NCHAR(10)", "bpchar"; not "character varying").
bool is_fixed_char(const engine::model::Column& column);

}  // namespace connectors::odbc
