#include "connectors/odbc/canonical_text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace connectors::odbc {

namespace {

/// Longer exponents would write pages of zeros for a value that no column means.
constexpr int exponent_max = 400;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_in_front(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

/// Takes the sign off: true for '-'.
bool take_sign(std::string_view& text) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  return negative;
}

std::string_view without_leading_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  return digits;
}

/// "dd" behind an optional separator at `at`.
bool two_digits(std::string_view text, std::size_t at) { return at + 2 <= text.size() && is_digit(text[at]) && is_digit(text[at + 1]); }

bool is_date(std::string_view text) {
  return text.size() == 10 && digits_in_front(text) == 4 && text[4] == '-' && two_digits(text, 5) && text[7] == '-' && two_digits(text, 8);
}

/// Cuts zeros at the end of a fraction, and the point when nothing is left behind it. nullopt: no such fraction.
std::optional<std::string_view> short_fraction(std::string_view text) {
  if (text.empty()) return text;
  if (text[0] != '.' || text.size() == 1 || digits_in_front(text.substr(1)) != text.size() - 1) return std::nullopt;
  while (text.back() == '0') text.remove_suffix(1);
  return text.size() == 1 ? std::string_view{} : text;
}

/// Moves the decimal point by the exponent, writing zeros where digits end.
std::string with_point_moved(std::string_view whole, std::string_view fraction, int exponent) {
  std::string digits = std::string(whole) + std::string(fraction);
  long point = static_cast<long>(whole.size()) + exponent;
  if (point < 0) digits.insert(0, static_cast<std::size_t>(-point), '0'), point = 0;
  if (point > static_cast<long>(digits.size())) digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
  std::string result(without_leading_zeros(point == 0 ? "0" : std::string_view(digits).substr(0, static_cast<std::size_t>(point))));
  std::string_view rest = std::string_view(digits).substr(static_cast<std::size_t>(point));
  // An exponent says nothing about a scale, so zeros at the end are not digits of the value.
  while (!rest.empty() && rest.back() == '0') rest.remove_suffix(1);
  if (!rest.empty()) result.append(".").append(rest);
  return result;
}

template <class Real>
std::size_t write_any_real(Real value, char* into) {
  if (std::isnan(value)) value = std::numeric_limits<Real>::quiet_NaN();  // a negative one would write a sign
  return static_cast<std::size_t>(std::to_chars(into, into + 32, value).ptr - into);
}

char* write_two(char* into, unsigned value) {
  into[0] = static_cast<char>('0' + value / 10 % 10);
  into[1] = static_cast<char>('0' + value % 10);
  return into + 2;
}

bool is_canonical_integer(std::string_view text) {
  const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t digits = text.size() - sign;
  // 18 digits always fit 64 bits; longer ones take the slow way.
  if (digits == 0 || digits > 18 || (text[sign] == '0' && text.size() > 1)) return false;
  return digits_in_front(text.substr(sign)) == digits;
}

bool is_canonical_decimal(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const std::size_t whole = digits_in_front(text);
  // A negative number that starts with 0 may be a zero with a sign, which is left to the slow way.
  if (whole == 0 || (text[0] == '0' && (whole > 1 || negative))) return false;
  if (whole == text.size()) return true;
  return text[whole] == '.' && whole + 1 < text.size() && digits_in_front(text.substr(whole + 1)) == text.size() - whole - 1;
}

using View = std::optional<std::string_view>;

View integer_view(std::string_view text, std::string& scratch) {
  if (is_canonical_integer(text)) return text;
  if (text.size() == 1 && (text[0] == '\0' || text[0] == '\1')) return text[0] == '\0' ? "0" : "1";
  if (text == "t" || text == "true") return "1";
  if (text == "f" || text == "false") return "0";
  const bool negative = take_sign(text);
  if (text.empty() || digits_in_front(text) != text.size()) return std::nullopt;
  text = without_leading_zeros(text);
  scratch.assign(negative && text != "0" ? "-" : "").append(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(scratch.data(), scratch.data() + scratch.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return scratch;
}

/// The exponent behind 'e', whose whole text it must be.
std::optional<int> exponent_of(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  text.remove_prefix(text[1] == '+' ? 2 : 1);
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || std::abs(exponent) > exponent_max) return std::nullopt;
  return exponent;
}

View decimal_view(std::string_view text, std::string& scratch) {
  if (is_canonical_decimal(text)) return text;
  const bool negative = take_sign(text);
  const std::string_view whole = text.substr(0, digits_in_front(text));
  text.remove_prefix(whole.size());
  std::string_view fraction;
  if (!text.empty() && text[0] == '.') {
    fraction = text.substr(1, digits_in_front(text.substr(1)));
    text.remove_prefix(1 + fraction.size());
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  if (text.empty()) {
    scratch.assign(whole.empty() ? "0" : without_leading_zeros(whole));
    if (!fraction.empty()) scratch.append(".").append(fraction);
  } else {
    const auto exponent = exponent_of(text);
    if (!exponent) return std::nullopt;
    scratch = with_point_moved(whole, fraction, *exponent);
  }
  if (negative && scratch.find_first_not_of("0.") != std::string::npos) scratch.insert(0, 1, '-');
  return scratch;
}

View real_view(std::string_view text, std::string& scratch) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  scratch.resize(32);
  scratch.resize(write_real(value, scratch.data()));
  return scratch;
}

View date_view(std::string_view text) {
  if (!is_date(text) && text != "infinity" && text != "-infinity") return std::nullopt;
  return text;
}

View time_view(std::string_view text) {
  const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t hours = digits_in_front(text.substr(sign));
  const std::size_t at = sign + hours;
  if (hours < 2 || hours > 3 || at + 6 > text.size() || text[at] != ':' || !two_digits(text, at + 1)) return std::nullopt;
  if (text[at + 3] != ':' || !two_digits(text, at + 4)) return std::nullopt;
  const auto fraction = short_fraction(text.substr(at + 6));
  if (!fraction) return std::nullopt;
  return text.substr(0, at + 6 + fraction->size());
}

View timestamp_view(std::string_view text, std::string& scratch) {
  if (text == "infinity" || text == "-infinity") return text;
  if (text.size() < 19 || !is_date(text.substr(0, 10)) || (text[10] != ' ' && text[10] != 'T')) return std::nullopt;
  const auto time = time_view(text.substr(11));
  if (!time || text[13] != ':') return std::nullopt;
  if (text[10] == ' ') return text.substr(0, 11 + time->size());
  scratch.assign(text.substr(0, 10)).append(" ").append(*time);
  return scratch;
}

}  // namespace

std::optional<std::string_view> canonical_text(engine::model::ColumnType type, std::string_view text, std::string& scratch) {
  using engine::model::ColumnType;
  switch (type) {
    case ColumnType::integer: return integer_view(text, scratch);
    case ColumnType::real: return real_view(text, scratch);
    case ColumnType::decimal: return decimal_view(text, scratch);
    case ColumnType::date: return date_view(text);
    case ColumnType::time: return time_view(text);
    case ColumnType::timestamp: return timestamp_view(text, scratch);
    case ColumnType::text:
    case ColumnType::binary: break;
  }
  return text;
}

std::size_t write_real(double value, char* into) { return write_any_real(value, into); }
std::size_t write_real(float value, char* into) { return write_any_real(value, into); }

std::size_t write_date(int year, unsigned month, unsigned day, char* into) {
  char* at = write_two(write_two(into, static_cast<unsigned>(year) / 100), static_cast<unsigned>(year) % 100);
  *at++ = '-';
  at = write_two(at, month);
  *at++ = '-';
  return static_cast<std::size_t>(write_two(at, day) - into);
}

std::size_t write_timestamp(int year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second,
                            unsigned nanoseconds, char* into) {
  char* at = into + write_date(year, month, day, into);
  *at++ = ' ';
  at = write_two(at, hour);
  *at++ = ':';
  at = write_two(at, minute);
  *at++ = ':';
  at = write_two(at, second);
  if (nanoseconds == 0) return static_cast<std::size_t>(at - into);
  *at++ = '.';
  for (unsigned unit = 100'000'000; unit != 0 && nanoseconds != 0; unit /= 10) {
    *at++ = static_cast<char>('0' + nanoseconds / unit);
    nanoseconds %= unit;
  }
  return static_cast<std::size_t>(at - into);
}

std::string_view without_trailing_blanks(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace connectors::odbc
