#include "connectors/odbc/rows/read_plan.h"

#include <algorithm>

#include "connectors/odbc/statement_text.h"

namespace connectors::odbc {

using engine::model::Column;
using engine::model::ColumnType;
using engine::settings::CharPadding;
using engine::settings::DialectDefinition;

namespace {

/// describe() gives single precision this size: ODBC's own for SQL_REAL.
constexpr std::uint64_t single_precision_digits = 7;
constexpr std::size_t unbounded_text_width = 1024;
constexpr std::size_t number_width = 64;

Wire wire_of(const Column& column, const DialectDefinition& dialect) {
  if (column.type == ColumnType::binary) return Wire::binary;
  if (select_expression(column, dialect) != nullptr) return Wire::text;
  switch (column.type) {
    case ColumnType::real: return column.size == single_precision_digits ? Wire::real4 : Wire::real8;
    case ColumnType::date: return Wire::date;
    case ColumnType::timestamp: return Wire::timestamp;
    // SQL_TIME_STRUCT has no fraction, text has.
    default: return Wire::text;
  }
}

/// Bytes that any value of the described length fits into; 0: unbounded.
std::uint64_t described_bytes(const Column& column) {
  switch (column.type) {
    case ColumnType::text: return column.size * 4;
    case ColumnType::binary: return column.size;
    // Sign, point, a zero before the point.
    case ColumnType::decimal: return column.size == 0 ? 0 : column.size + 3;
    default: return number_width - 1;
  }
}

std::size_t width_of(const Column& column, Wire wire, bool reread_is_cheap) {
  switch (wire) {
    case Wire::real8:
    case Wire::real4: return sizeof(double);
    case Wire::date: return 6;        // SQL_DATE_STRUCT
    case Wire::timestamp: return 16;  // SQL_TIMESTAMP_STRUCT
    default: break;
  }
  if (column.type != ColumnType::text && column.type != ColumnType::binary) {
    return std::clamp<std::size_t>(described_bytes(column) + 1, number_width, text_width_max);
  }
  const std::uint64_t described = described_bytes(column);
  if (described == 0 || described > 64 * text_width_max) return unbounded_text_width;
  // Wide buffers cost cache: where a cell is cheaply read again, few characters of four bytes are expected.
  const std::uint64_t likely = reread_is_cheap && described > 256 ? std::max<std::uint64_t>(256, column.size + column.size / 4) : described;
  return std::min<std::size_t>(likely + 1, text_width_max);
}

}  // namespace

std::vector<ColumnPlan> key_plan(const ReadPlan& plan, const engine::model::Layout& layout) {
  std::vector<ColumnPlan> parts;
  for (const std::size_t column : layout.key) parts.push_back(plan.columns[column]);
  return parts;
}

bool is_fixed_char(const Column& column) {
  const std::string name = plain_type_name(column.source_type);
  if (name.find("var") != std::string::npos || name.find("large") != std::string::npos) return false;
  return name.starts_with("char") || name.starts_with("nchar") || name.starts_with("national char") || name == "bpchar" || name == "graphic";
}

ReadPlan plan_read(const engine::model::Layout& layout, const DialectDefinition& dialect, CharPadding padding, bool getdata_of_bound,
                   bool row_by_row) {
  ReadPlan plan;
  std::size_t row_bytes = 0;
  const bool one_row = row_by_row || dialect.cell_by_cell || dialect.rows_per_fetch <= 1;
  const bool reread_is_cheap = dialect.reread_in_array || (one_row && getdata_of_bound);
  std::size_t first_exceeding = layout.columns.size();
  for (const Column& column : layout.columns) {
    ColumnPlan each;
    each.type = column.type;
    each.wire = wire_of(column, dialect);
    each.width = width_of(column, each.wire, reread_is_cheap);
    const bool is_text = column.type == ColumnType::text;
    each.trims = is_text && (padding == CharPadding::trim_all || (padding == CharPadding::trim && is_fixed_char(column)));
    each.empty_is_null = is_text && dialect.empty_is_null;
    if (dialect.text_bytes_max > 0) each.bytes_max = dialect.text_bytes_max;
    const std::uint64_t described = described_bytes(column);
    each.may_exceed = (each.wire == Wire::text || each.wire == Wire::binary) && (described == 0 || described >= each.width);
    if (each.may_exceed && first_exceeding == layout.columns.size()) first_exceeding = plan.columns.size();
    row_bytes += each.width + sizeof(std::int64_t);
    plan.columns.push_back(each);
  }
  plan.bound = plan.columns.size();
  const bool exceeds = first_exceeding < plan.columns.size();
  if (!one_row && (dialect.reread_in_array || !exceeds)) {
    plan.rows = std::clamp<std::size_t>(array_bytes_max / row_bytes, 1, static_cast<std::size_t>(dialect.rows_per_fetch));
  }
  // Without SQL_GD_BOUND only what stands behind the last bound column can be read by SQLGetData.
  if (!getdata_of_bound && plan.rows == 1 && (exceeds || row_by_row)) plan.bound = row_by_row ? 0 : first_exceeding;
  if (dialect.cell_by_cell) plan.bound = 0;
  return plan;
}

}  // namespace connectors::odbc
