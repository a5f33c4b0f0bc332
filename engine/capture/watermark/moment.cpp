#include "engine/capture/watermark/moment.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <limits>

namespace engine::capture {

namespace {

constexpr std::int64_t day_us = 86'400 * second_us;

/// Takes digits from the front, exactly so many.
bool take_number(std::string_view& text, std::size_t digits, int& into) {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, into);
  if (error != std::errc{} || end != text.data() + digits || text[0] == '-') return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

/// Digits behind the point, of which six count.
std::int64_t take_fraction_us(std::string_view& text) {
  std::int64_t fraction = 0;
  std::int64_t unit = second_us / 10;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), unit /= 10) fraction += unit * (text[0] - '0');
  return fraction;
}

std::optional<std::int64_t> time_us(std::string_view text) {
  int hour = 0, minute = 0, second = 0;
  if (!take_number(text, 2, hour) || !take(text, ':') || !take_number(text, 2, minute)) return std::nullopt;
  if (take(text, ':') && !take_number(text, 2, second)) return std::nullopt;
  const std::int64_t fraction = take(text, '.') ? take_fraction_us(text) : 0;
  take(text, 'Z');
  if (!text.empty() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return ((hour * 60 + minute) * 60 + second) * second_us + fraction;
}

}  // namespace

std::optional<std::int64_t> moment_of(std::string_view text) {
  int year = 0, month = 0, day = 0;
  if (!take_number(text, 4, year) || !take(text, '-') || !take_number(text, 2, month) || !take(text, '-') || !take_number(text, 2, day)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t midnight = std::chrono::sys_days(date).time_since_epoch().count() * day_us;
  if (text.empty()) return midnight;
  if (!take(text, ' ') && !take(text, 'T')) return std::nullopt;
  const auto time = time_us(text);
  if (!time) return std::nullopt;
  return midnight + *time;
}

std::string moment_text(std::int64_t moment_us, model::Growth growth) {
  const auto days = std::chrono::floor<std::chrono::days>(std::chrono::microseconds(moment_us));
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  std::string text = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (growth == model::Growth::day) return text;
  const std::int64_t rest = moment_us - days.count() * day_us;
  const std::int64_t seconds = rest / second_us;
  text += fmt::format(" {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (rest % second_us == 0) return text;
  text += fmt::format(".{:06}", rest % second_us);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::optional<std::int64_t> count_of(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = end == text.data() + text.size();
  if (error != std::errc{} || (!whole && *end != '.')) return std::nullopt;
  // Rounded down also below zero: a mark above what was seen would pass rows by.
  const bool rounded_up = !whole && text.starts_with('-') && count > std::numeric_limits<std::int64_t>::min();
  return rounded_up ? count - 1 : count;
}

}  // namespace engine::capture
