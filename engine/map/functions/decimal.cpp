#include "engine/map/functions/decimal.h"

#include <algorithm>
#include <utility>

#include "engine/base/error.h"

namespace engine::map {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string without_leading_zeros(std::string digits) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return digits;
}

int compare_magnitudes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

std::string add_magnitudes(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  std::string sum(a);
  int carry = 0;
  for (std::size_t i = 0; i < sum.size() && (i < b.size() || carry != 0); ++i) {
    char& digit = sum[sum.size() - 1 - i];
    const int value = digit - '0' + carry + (i < b.size() ? b[b.size() - 1 - i] - '0' : 0);
    digit = static_cast<char>('0' + value % 10);
    carry = value / 10;
  }
  if (carry != 0) sum.insert(sum.begin(), '1');
  return sum;
}

/// `a` is not below `b`.
std::string subtract_magnitudes(std::string_view a, std::string_view b) {
  std::string difference(a);
  int borrow = 0;
  for (std::size_t i = 0; i < difference.size() && (i < b.size() || borrow != 0); ++i) {
    char& digit = difference[difference.size() - 1 - i];
    int value = digit - '0' - borrow - (i < b.size() ? b[b.size() - 1 - i] - '0' : 0);
    borrow = value < 0 ? 1 : 0;
    digit = static_cast<char>('0' + value + 10 * borrow);
  }
  return without_leading_zeros(std::move(difference));
}

/// Schoolbook long division of magnitudes, the quotient rounded half up.
std::string divide_magnitudes(const std::string& a, const std::string& b) {
  std::string quotient;
  std::string rest = "0";
  for (const char digit : a) {
    rest = without_leading_zeros(rest + digit);
    char count = '0';
    while (compare_magnitudes(rest, b) >= 0) {
      rest = subtract_magnitudes(rest, b);
      ++count;
    }
    quotient += count;
  }
  quotient = without_leading_zeros(std::move(quotient));
  const bool up = compare_magnitudes(add_magnitudes(rest, rest), b) >= 0;
  return up ? add_magnitudes(quotient, "1") : quotient;
}

/// Both numbers' digits as if written with the same scale.
std::pair<std::string, std::string> aligned(std::string a, int a_scale, std::string b, int b_scale) {
  const int scale = std::max(a_scale, b_scale);
  a.append(static_cast<std::size_t>(scale - a_scale), '0');
  b.append(static_cast<std::size_t>(scale - b_scale), '0');
  return {without_leading_zeros(std::move(a)), without_leading_zeros(std::move(b))};
}

}  // namespace

Decimal::Decimal(bool negative, std::string digits, int scale)
    : negative_(negative && digits != "0"), digits_(std::move(digits)), scale_(scale) {}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  std::string digits;
  std::optional<std::size_t> point;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = digits.size();
    } else if (is_digit(c)) {
      digits += c;
    } else {
      return std::nullopt;
    }
  }
  if (digits.empty() || digits.size() > digits_max) return std::nullopt;
  const int scale = point ? static_cast<int>(digits.size() - *point) : 0;
  return Decimal(negative, without_leading_zeros(std::move(digits)), scale);
}

std::string Decimal::text() const {
  std::string text = digits_;
  const auto scale = static_cast<std::size_t>(scale_);
  if (text.size() <= scale) text.insert(0, scale + 1 - text.size(), '0');
  if (scale > 0) text.insert(text.size() - scale, 1, '.');
  if (negative_) text.insert(text.begin(), '-');
  return text;
}

Decimal Decimal::negated() const { return Decimal(!negative_, digits_, scale_); }
Decimal Decimal::absolute() const { return Decimal(false, digits_, scale_); }

Decimal Decimal::rounded(int digits) const {
  if (digits >= scale_) {
    std::string padded = digits_ + std::string(static_cast<std::size_t>(digits - scale_), '0');
    return Decimal(negative_, without_leading_zeros(std::move(padded)), digits);
  }
  const auto dropped = static_cast<std::size_t>(scale_ - digits);
  std::string kept = digits_;
  if (kept.size() <= dropped) kept.insert(0, dropped + 1 - kept.size(), '0');
  const bool up = kept[kept.size() - dropped] >= '5';
  kept.resize(kept.size() - dropped);
  kept = without_leading_zeros(std::move(kept));
  if (up) kept = add_magnitudes(kept, "1");
  if (digits < 0) kept = without_leading_zeros(kept + std::string(static_cast<std::size_t>(-digits), '0'));
  return Decimal(negative_, std::move(kept), std::max(digits, 0));
}

Decimal add(const Decimal& a, const Decimal& b) {
  const auto [left, right] = aligned(a.digits_, a.scale_, b.digits_, b.scale_);
  const int scale = std::max(a.scale_, b.scale_);
  if (a.negative_ == b.negative_) return Decimal(a.negative_, add_magnitudes(left, right), scale);
  if (compare_magnitudes(left, right) >= 0) return Decimal(a.negative_, subtract_magnitudes(left, right), scale);
  return Decimal(b.negative_, subtract_magnitudes(right, left), scale);
}

Decimal multiply(const Decimal& a, const Decimal& b) {
  std::string product(a.digits_.size() + b.digits_.size(), '\0');
  for (std::size_t i = a.digits_.size(); i-- > 0;) {
    int carry = 0;
    for (std::size_t j = b.digits_.size(); j-- > 0;) {
      const int value = product[i + j + 1] + (a.digits_[i] - '0') * (b.digits_[j] - '0') + carry;
      product[i + j + 1] = static_cast<char>(value % 10);
      carry = value / 10;
    }
    product[i] = static_cast<char>(product[i] + carry);
  }
  for (char& digit : product) digit = static_cast<char>(digit + '0');
  return Decimal(a.negative_ != b.negative_, without_leading_zeros(std::move(product)), a.scale_ + b.scale_);
}

Decimal divide(const Decimal& a, const Decimal& b, int scale) {
  ENGINE_ASSERT(!b.is_zero());
  std::string numerator = a.digits_;
  std::string denominator = b.digits_;
  const int shift = scale + b.scale_ - a.scale_;
  (shift >= 0 ? numerator : denominator).append(static_cast<std::size_t>(std::abs(shift)), '0');
  return Decimal(a.negative_ != b.negative_,
                 divide_magnitudes(without_leading_zeros(std::move(numerator)), denominator), scale);
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative_ != b.negative_) return a.negative_ ? -1 : 1;
  const auto [left, right] = aligned(a.digits_, a.scale_, b.digits_, b.scale_);
  const int order = compare_magnitudes(left, right);
  return a.negative_ ? -order : order;
}

}  // namespace engine::map
