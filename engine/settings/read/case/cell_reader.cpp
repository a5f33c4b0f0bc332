#include "engine/settings/read/case/cell_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/map_reader.h"

namespace engine::settings {

namespace {

using model::ColumnType;

bool has_shape(std::string_view text, std::string_view shape) {
  return text.size() == shape.size() && std::equal(text.begin(), text.end(), shape.begin(), [](char c, char wanted) {
           return wanted == '9' ? c >= '0' && c <= '9' : c == wanted;
         });
}

/// Digits with a point stay as they are written: money must not become a float on its way into a test.
CaseCell read_cell(const YamlEntry& entry) {
  CaseCell cell{.column = entry.key, .origin = entry.value.origin(), .text = entry.value.text()};
  if (entry.value.is_null()) {
    cell.text.reset();
    return cell;
  }
  if (!entry.value.is_plain()) return cell;
  const model::FieldScalar scalar = core_scalar(entry.value);
  if (const bool* flag = std::get_if<bool>(&scalar)) {
    cell.text = *flag ? "1" : "0";
    cell.looks_like = ColumnType::integer;
  } else if (std::holds_alternative<std::int64_t>(scalar)) {
    cell.looks_like = ColumnType::integer;
  } else if (std::holds_alternative<double>(scalar) || std::holds_alternative<model::NumberText>(scalar)) {
    const bool has_exponent = cell.text->find_first_of("eE") != std::string::npos;
    cell.looks_like = has_exponent ? ColumnType::real : ColumnType::decimal;
  } else if (has_shape(*cell.text, "9999-99-99")) {
    cell.looks_like = ColumnType::date;
  } else if (cell.text->size() >= 19 && has_shape(cell.text->substr(0, 19), "9999-99-99 99:99:99")) {
    cell.looks_like = ColumnType::timestamp;
  }
  return cell;
}

CaseRow read_row(const YamlNode& value, const std::string& what, Diagnostics& diagnostics);

/// `lines: [ { … }, { … } ]` of a document's row.
CaseCell read_nested_rows(const YamlEntry& entry, const std::string& what, Diagnostics& diagnostics) {
  CaseCell cell{.column = entry.key, .origin = entry.value.origin(), .text = {}, .is_table = true, .rows = {}};
  for (const YamlNode& item : entry.value.items()) cell.rows.push_back(read_row(item, fmt::format("a row of '{}' of {}", entry.key, what), diagnostics));
  return cell;
}

CaseRow read_row(const YamlNode& value, const std::string& what, Diagnostics& diagnostics) {
  CaseRow row{.origin = value.origin(), .cells = {}};
  if (!value.is_map()) refuse_kind(value, what, "a row: a map of columns", diagnostics);
  for (const YamlEntry& entry : value.entries()) {
    if (entry.value.is_scalar())
      row.cells.push_back(read_cell(entry));
    else if (entry.value.is_sequence())
      row.cells.push_back(read_nested_rows(entry, what, diagnostics));
    else
      refuse_kind(entry.value, fmt::format("the column '{}' of {}", entry.key, what), "a single value", diagnostics);
  }
  return row;
}

/// The key of a row that stands for many.
constexpr const char* many = "*";
constexpr std::int64_t rows_max = 100'000;

/// "1..200" → first and last.
std::optional<std::pair<std::int64_t, std::int64_t>> read_range(const std::string& text) {
  std::int64_t first = 0, last = 0;
  int read = 0;
  if (std::sscanf(text.c_str(), "%ld..%ld%n", &first, &last, &read) != 2 || read != static_cast<int>(text.size())) return std::nullopt;
  if (first < 0 || last < first || last - first >= rows_max) return std::nullopt;
  return std::pair(first, last);
}

/// What is nothing but the star becomes a number, within a text it stays text.
CaseCell numbered(CaseCell cell, std::int64_t number) {
  for (CaseRow& row : cell.rows) {
    for (CaseCell& nested : row.cells) nested = numbered(std::move(nested), number);
  }
  if (!cell.text) return cell;
  const std::string digits = std::to_string(number);
  if (*cell.text == many) cell.looks_like = ColumnType::integer;
  for (std::size_t at = cell.text->find('*'); at != std::string::npos; at = cell.text->find('*', at + digits.size())) cell.text->replace(at, 1, digits);
  return cell;
}

/// `{ "*": 1..200, code: "C*", price: 10 }` is two hundred rows; any other is one.
void read_rows(const YamlNode& value, const std::string& what, std::vector<CaseRow>& rows, Diagnostics& diagnostics) {
  CaseRow row = read_row(value, what, diagnostics);
  const auto star = std::find_if(row.cells.begin(), row.cells.end(), [](const CaseCell& cell) { return cell.column == many; });
  if (star == row.cells.end()) return rows.push_back(std::move(row));
  const auto range = read_range(star->text.value_or(""));
  if (!range) {
    diagnostics.error("value.unknown", star->origin, fmt::format("'{}' is no range of numbers", star->text.value_or("")),
                      fmt::format("write the first and the last: \"*\": 1..200, at most {} rows", rows_max));
    return;
  }
  row.cells.erase(star);
  for (std::int64_t number = range->first; number <= range->second; ++number) {
    CaseRow& one = rows.emplace_back(CaseRow{.origin = row.origin, .cells = {}});
    for (const CaseCell& cell : row.cells) one.cells.push_back(numbered(cell, number));
  }
}

/// "decimal(12,2)" → type, size, scale.
std::optional<model::Column> read_type(const std::string& name, const std::string& text) {
  const std::size_t open = std::min(text.find('('), text.size());
  std::string type = text.substr(0, open);
  while (type.ends_with(' ')) type.pop_back();
  // CHAR is told from VARCHAR by the source type, which keeps the whole text: its padding may be cut.
  if (type == "char" || type == "varchar") type = "text";
  const auto known = model::column_type_of(type);
  if (!known) return std::nullopt;
  model::Column column{.name = name, .type = *known, .source_type = text};
  if (open < text.size()) {
    const int numbers = std::sscanf(text.c_str() + open, "(%lu,%d)", &column.size, &column.scale);
    if (numbers < 1 || !text.ends_with(')')) return std::nullopt;
  }
  return column;
}

}  // namespace

std::vector<CaseRow> read_case_row_list(const YamlNode& value, const std::string& what, Diagnostics& diagnostics) {
  std::vector<CaseRow> rows;
  if (value.is_map()) read_rows(value, what, rows, diagnostics);
  if (value.is_scalar() && !value.is_null()) refuse_kind(value, what, "a row or a list of rows", diagnostics);
  for (const YamlNode& item : value.items()) read_rows(item, "a row of " + what, rows, diagnostics);
  return rows;
}

/// A table without rows is named all the same: it is there, and empty.
std::vector<CaseRows> read_case_rows(const YamlNode& value, const std::string& what, Diagnostics& diagnostics) {
  std::vector<CaseRows> all;
  if (!value.is_map()) refuse_kind(value, what, "a map of tables", diagnostics);
  for (const YamlEntry& entry : value.entries()) {
    all.push_back({.table = entry.key, .origin = entry.origin, .rows = read_case_row_list(entry.value, fmt::format("'{}' of {}", entry.key, what), diagnostics)});
  }
  return all;
}

std::map<std::string, std::vector<model::Column>> read_case_columns(const YamlNode& value, Diagnostics& diagnostics) {
  std::map<std::string, std::vector<model::Column>> tables;
  if (!value.is_map()) refuse_kind(value, "'columns' of the case", "a map of tables", diagnostics);
  for (const YamlEntry& table : value.entries()) {
    if (!table.value.is_map()) refuse_kind(table.value, fmt::format("'{}' of columns", table.key), "a map of columns", diagnostics);
    for (const YamlEntry& column : table.value.entries()) {
      const auto read = read_type(column.key, column.value.text());
      if (read) {
        tables[table.key].push_back(*read);
        continue;
      }
      diagnostics.error("value.unknown", column.value.origin(),
                        fmt::format("'{}' is no type of a column", column.value.text()),
                        "write integer, real, decimal(12,2), text, char(10), binary, date, time or timestamp");
    }
  }
  return tables;
}

}  // namespace engine::settings
