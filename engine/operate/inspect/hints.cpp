#include "engine/operate/inspect/hints.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "engine/base/text/characters.h"

namespace engine::operate {

namespace {

bool has_any(std::string_view text, std::span<const std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [text](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

bool day_of_year(long month_and_day) {
  const long month = month_and_day / 100, day = month_and_day % 100;
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// Of 8 digits: a date from 1900 to 2099. Of 5 to 7: century (0 or 1), year, month, day.
bool looks_like(std::string_view value, bool eight_digits) {
  const std::string digits(value.substr(0, value.find('.')));
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c); })) return false;
  const long number = std::atol(digits.c_str());
  if (eight_digits) return number >= 19'000'101 && number <= 20'991'231 && day_of_year(number % 10'000);
  return digits.size() >= 6 && number >= 101 && number <= 1'991'231 && day_of_year(number % 10'000);
}

bool is_no_date(std::string_view value) { return value.find_first_not_of("0. ") == std::string_view::npos || value.find_first_not_of("9") == std::string_view::npos; }

bool applies_to_types(const settings::DriverTrap& trap, const model::Layout* layout) {
  if (trap.types.empty()) return true;
  if (layout == nullptr) return false;
  return std::any_of(layout->columns.begin(), layout->columns.end(), [&trap](const model::Column& column) {
    const std::string type = lower_case(column.source_type);
    return std::any_of(trap.types.begin(), trap.types.end(), [&type](const std::string& each) { return type.starts_with(each); });
  });
}

}  // namespace

std::string date_function(const model::Column& column, std::span<const std::string> values) {
  const bool number = column.type == model::ColumnType::integer || (column.type == model::ColumnType::decimal && column.scale == 0);
  if (!number && !(column.type == model::ColumnType::text && column.size == 8)) return {};
  std::size_t dates = 0, long_ones = 0;
  for (const std::string& value : values) {
    if (is_no_date(value)) continue;
    const bool is_long = looks_like(value, true);
    if (!is_long && !looks_like(value, false)) return {};
    ++dates;
    long_ones += is_long ? 1 : 0;
  }
  if (dates == 0) return {};
  // Six or seven digits may be any number: only a name that speaks of a date makes them one.
  static constexpr std::string_view parts[] = {"dt", "dat", "fecha"};
  if (long_ones == 0) return has_any(lower_case(column.name), parts) ? "from_cyymmdd" : "";
  return long_ones == dates ? "from_yyyymmdd" : "";
}

/// "UTEMOD", "modified_by", SAP's "AENAM"; who made the row is not who changed it.
std::string user_column(const model::Layout& layout) {
  static constexpr std::string_view users[] = {"user", "usr", "uten", "utmod", "utemod", "utvar", "operator", "operatore", "modified_by", "updated_by", "changed_by",
                                               "modifiedby", "updatedby", "changedby", "benutzer", "aenam", "chguid", "last_editor"};
  static constexpr std::string_view makers[] = {"creat", "insert", "utins", "utecre", "ernam", "added", "pass", "descr"};
  static constexpr std::string_view changes[] = {"mod", "upd", "chg", "chang", "last", "var", "aenam", "ult"};
  std::string best;
  for (const model::Column& column : layout.columns) {
    const std::string name = lower_case(column.name);
    if (column.type != model::ColumnType::text || !has_any(name, users) || has_any(name, makers)) continue;
    if (has_any(name, changes)) return column.name;
    if (best.empty()) best = column.name;
  }
  return best;
}

/// By type and name together: a time alone may be that of an order, a name alone a flag.
std::vector<std::string> modified_columns(const model::Layout& layout) {
  static constexpr std::string_view parts[] = {"mod", "upd", "chang", "agg", "ultvar", "dtvar", "last_", "lastw", "rowversion", "aend", "geaend", "edit"};
  static constexpr std::string_view versions[] = {"rowversion", "timestamp", "datetime"};
  std::vector<std::string> names;
  for (const model::Column& column : layout.columns) {
    const bool is_time = column.type == model::ColumnType::timestamp || has_any(lower_case(column.source_type), versions);
    if (is_time && has_any(lower_case(column.name), parts)) names.push_back(column.name);
  }
  return names;
}

std::optional<std::string> option_of(std::string_view connection_string, std::string_view key) {
  const std::string text = ";" + lower_case(connection_string), wanted = ";" + lower_case(key);
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
    const std::size_t equals = text.find_first_not_of(' ', at + wanted.size());
    if (equals == std::string::npos || text[equals] != '=') continue;
    const std::size_t value = std::min(text.find_first_not_of(' ', equals + 1), text.size());
    const bool braced = value < text.size() && text[value] == '{';
    const std::size_t begin = value + (braced ? 1 : 0);
    std::size_t end = text.find(braced ? '}' : ';', begin);
    // A doubled brace is one of the value.
    while (braced && end != std::string::npos && end + 1 < text.size() && text[end + 1] == '}') end = text.find('}', end + 2);
    end = std::min(end, text.size());
    return std::string(connection_string.substr(begin - 1, end - begin));  // the copy has one character more, in front
  }
  return std::nullopt;
}

std::vector<std::string> traps_of(const settings::DialectDefinition& dialect, std::string_view driver,
                                  const settings::SourceConnection& connection, const model::Layout* layout) {
  std::vector<std::string> texts;
  for (const settings::DriverTrap& trap : dialect.traps) {
    if (!trap.driver.empty() && lower_case(driver).find(trap.driver) == std::string::npos) continue;
    if (!trap.without.empty() && option_of(connection.odbc.reveal(), trap.without)) continue;
    if (applies_to_types(trap, layout)) texts.push_back(trap.text);
  }
  return texts;
}

}  // namespace engine::operate
