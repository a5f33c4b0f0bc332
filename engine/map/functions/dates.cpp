// Dates kept as numbers, as the AS/400 and JD Edwards keep them.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <optional>

#include "engine/map/functions/arguments.h"
#include "engine/map/functions/catalog.h"
#include "engine/map/functions/decimal.h"

namespace engine::map {
namespace {

constexpr std::int64_t number_max = 999'999'999;

/// The whole number of an argument. nullopt for what means "no date": NULL, blanks, 0 and all nines. `bad` is set for
/// what is no whole number.
std::optional<std::int64_t> date_number(sqlite3_value* value, bool& bad) {
  if (is_null(value)) return std::nullopt;
  std::int64_t whole = 0;
  if (is_integer(value)) {
    whole = integer_of(value);
    bad = whole > number_max || whole < -number_max;
  } else {
    if (text_of(value).find_first_not_of(' ') == std::string_view::npos) return std::nullopt;
    const auto number = decimal_of(value);
    bad = !number || compare(*number, number->rounded(0)) != 0 || number->rounded(0).text().size() > 9;
    if (!bad) whole = std::stoll(number->rounded(0).text());
  }
  if (bad) return std::nullopt;
  if (whole == 0 || whole == 999'999 || whole == 9'999'999 || whole == 99'999'999) return std::nullopt;
  return whole;
}

using Date = std::optional<std::chrono::year_month_day>;

/// Of a year from 0 to 9999. By hand: fmt took a third of the function's time.
std::array<char, 10> iso_text(const std::chrono::year_month_day& date) {
  std::array<char, 10> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0'};
  const auto write = [&text](unsigned number, std::size_t last) {
    for (; number > 0; number /= 10) text[last--] = static_cast<char>('0' + number % 10);
  };
  write(static_cast<unsigned>(int{date.year()}), 3);
  write(unsigned{date.month()}, 6);
  write(unsigned{date.day()}, 9);
  return text;
}

template <typename Convert>
void give_date(sqlite3_context* context, sqlite3_value* value, const char* name, Convert convert) {
  bool bad = false;
  const auto number = date_number(value, bad);
  if (!number && !bad) return give_null(context);
  const Date date = bad || *number < 0 ? Date{} : convert(*number);
  if (!date || !date->ok()) return give_error(context, fmt::format("{}: {} is no date", name, shown(value)));
  const std::array<char, 10> text = iso_text(*date);
  give_text(context, {text.data(), text.size()});
}

Date from_digits(std::int64_t yyyymmdd) {
  return std::chrono::year(static_cast<int>(yyyymmdd / 10'000)) / static_cast<int>(yyyymmdd / 100 % 100) /
         static_cast<int>(yyyymmdd % 100);
}

void from_yyyymmdd(sqlite3_context* context, int, sqlite3_value** values) {
  give_date(context, values[0], "from_yyyymmdd",
            [](std::int64_t number) { return number >= 10'000'000 && number < 100'000'000 ? from_digits(number) : Date{}; });
}

void from_cyymmdd(sqlite3_context* context, int, sqlite3_value** values) {
  give_date(context, values[0], "from_cyymmdd",
            [](std::int64_t number) { return number < 10'000'000 ? from_digits(number + 19'000'000) : Date{}; });
}

void from_jde(sqlite3_context* context, int, sqlite3_value** values) {
  give_date(context, values[0], "from_jde", [](std::int64_t number) -> Date {
    using namespace std::chrono;
    const year in(static_cast<int>(1900 + number / 1000));
    const std::int64_t day_of_year = number % 1000;
    if (number > 999'999 || day_of_year < 1 || day_of_year > (in.is_leap() ? 366 : 365)) return {};
    return year_month_day(sys_days(in / January / 1) + days(day_of_year - 1));
  });
}

constexpr FunctionEntry entries[] = {
    {"from_cyymmdd", "(number)", "A date kept as CYYMMDD, C being the century after 1900: 1240131.",
     "from_cyymmdd(dtult)", R"("2024-01-31")", 1, 1, from_cyymmdd},
    {"from_yyyymmdd", "(number)", "A date kept as YYYYMMDD.", "from_yyyymmdd(20240229)", R"("2024-02-29")", 1, 1,
     from_yyyymmdd},
    {"from_jde", "(number)", "A JD Edwards date, CYYDDD: the century after 1900, the year, the day of the year.",
     "from_jde(124366)", R"("2024-12-31")", 1, 1, from_jde},
};

}  // namespace

FunctionGroup date_functions() {
  return {"Dates kept as numbers",
          "They give ISO text. NULL, blanks, 0, 999999, 9999999 and 99999999 mean \"no date\" and give NULL. "
          "A number that is no date (month 13, 30 February) fails the row, so that it is seen.",
          entries};
}

}  // namespace engine::map
