// Exact decimal numbers of any length, for the dec_ functions: text in, text out, never through a double.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engine::map {

/// A sign, digits and the number of them behind the point. Zero has no sign.
class Decimal {
 public:
  static constexpr std::size_t digits_max = 1000;

  /// Blanks around, a sign, digits with at most one point. No exponent. nullopt for anything else and beyond
  /// `digits_max`.
  static std::optional<Decimal> parse(std::string_view text);

  /// '-' in front, no leading zeros but one before the point, `scale` digits behind it.
  std::string text() const;
  int scale() const { return scale_; }
  bool is_zero() const { return digits_ == "0"; }
  Decimal negated() const;
  Decimal absolute() const;
  /// Exactly `digits` digits behind the point, half away from zero; negative: that many zeros before the point.
  Decimal rounded(int digits) const;

  friend Decimal add(const Decimal& a, const Decimal& b);
  friend Decimal multiply(const Decimal& a, const Decimal& b);
  /// Rounded to `scale` digits, half away from zero. `b` is not zero.
  friend Decimal divide(const Decimal& a, const Decimal& b, int scale);
  /// Negative, zero or positive as a is below, equal to or above b by value: 1.0 equals 1.00.
  friend int compare(const Decimal& a, const Decimal& b);

 private:
  Decimal(bool negative, std::string digits, int scale);

  bool negative_;
  std::string digits_;  ///< the number without its point; no leading zeros but for "0" itself
  int scale_;
};

}  // namespace engine::map
