#include "engine/map/functions/decimal.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstdint>

#include "test/engine/map/mapping.h"

namespace engine::map::test {
namespace {

__extension__ using Wide = __int128;

Decimal number(const std::string& text) {
  const auto parsed = Decimal::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

/// The model: an unscaled 128-bit integer and its scale, written out by division.
std::string written(Wide unscaled, int scale) {
  const bool negative = unscaled < 0;
  std::string digits;
  for (Wide rest = negative ? -unscaled : unscaled; rest != 0 || digits.empty(); rest /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  while (static_cast<int>(digits.size()) <= scale) digits.insert(digits.begin(), '0');
  if (scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
  return (negative ? "-" : "") + digits;
}

Wide power_of_ten(int exponent) {
  Wide power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

Wide divided_half_away(Wide a, Wide b) {
  const bool negative = (a < 0) != (b < 0);
  const Wide up = a < 0 ? -a : a;
  const Wide down = b < 0 ? -b : b;
  const Wide quotient = (2 * up + down) / (2 * down);
  return negative ? -quotient : quotient;
}

}  // namespace

TEST_CASE("decimals agree with whole numbers of 128 bits in sum, difference, product, order, quotient and rounding") {
  CHECK(rc::check([] {
    const Wide a = *rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 1'000'000'000'000);
    const Wide b = *rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 1'000'000'000'000);
    const int a_scale = *rc::gen::inRange(0, 7);
    const int b_scale = *rc::gen::inRange(0, 7);
    const int scale = std::max(a_scale, b_scale);
    const Wide a_aligned = a * power_of_ten(scale - a_scale);
    const Wide b_aligned = b * power_of_ten(scale - b_scale);
    const Decimal x = number(written(a, a_scale));
    const Decimal y = number(written(b, b_scale));
    RC_ASSERT(x.text() == written(a, a_scale));
    RC_ASSERT(add(x, y).text() == written(a_aligned + b_aligned, scale));
    RC_ASSERT(add(x, y.negated()).text() == written(a_aligned - b_aligned, scale));
    RC_ASSERT(multiply(x, y).text() == written(a * b, a_scale + b_scale));
    const int order = compare(x, y);
    RC_ASSERT((order > 0) - (order < 0) == (a_aligned > b_aligned) - (a_aligned < b_aligned));

    const int digits = *rc::gen::inRange(0, 7);
    const Wide up =
        digits >= a_scale ? a * power_of_ten(digits - a_scale) : divided_half_away(a, power_of_ten(a_scale - digits));
    RC_ASSERT(x.rounded(digits).text() == written(up, digits));
    if (b != 0) {
      const int shift = digits + b_scale - a_scale;
      const Wide quotient =
          shift >= 0 ? divided_half_away(a * power_of_ten(shift), b) : divided_half_away(a, b * power_of_ten(-shift));
      RC_ASSERT(divide(x, y, digits).text() == written(quotient, digits));
    }
  }));
}

TEST_CASE("numbers of a hundred digits stay exact: (a + b) * c is a * c + b * c, and a * b / b is a") {
  const auto digits = rc::gen::container<std::string>(100, rc::gen::inRange<char>('0', '9' + 1));
  CHECK(rc::check([&] {
    const std::string a_text = *digits;
    const Decimal a = number(a_text.substr(0, 60) + "." + a_text.substr(60));
    const Decimal b = number("-" + *digits);
    const Decimal c = number(*digits);
    RC_ASSERT(compare(multiply(add(a, b), c), add(multiply(a, c), multiply(b, c))) == 0);
    if (!c.is_zero()) RC_ASSERT(compare(divide(multiply(a, c), c, 40), a) == 0);
  }));
}

TEST_CASE("rounding is half away from zero, pads, and reaches before the point") {
  CHECK(value_of("dec_round('2.345', 2)") == R"("2.35")");
  CHECK(value_of("dec_round('-2.345', 2)") == R"("-2.35")");
  CHECK(value_of("dec_round('2.3449999', 2)") == R"("2.34")");
  CHECK(value_of("dec_round('0.004', 2)") == R"("0.00")");
  CHECK(value_of("dec_round('-0.004', 2)") == R"("0.00")");
  CHECK(value_of("dec_round('9.999', 2)") == R"("10.00")");
  CHECK(value_of("dec_round('1250', -2)") == R"("1300")");
  CHECK(value_of("dec_round('49', -2)") == R"("0")");
  CHECK(value_of("dec_round(12, 2)") == R"("12.00")");
  CHECK(value_of("dec_round('1', 1000)").find("outside of") != std::string::npos);
}

TEST_CASE("decimal functions take numbers as written, give NULL for NULL and fail on text that is no number") {
  CHECK(value_of("dec_add('0.10', '0.20')") == R"("0.30")");
  CHECK(value_of("dec_add(0.1, 0.2)") == R"("0.3")");
  CHECK(value_of("dec_add('99999999999999999999999999999999999999', 1)") ==
        R"("100000000000000000000000000000000000000")");
  CHECK(value_of("dec_add(fido, NULL)") == "null");
  CHECK(value_of("dec_cmp('1.0', '1.00')") == "0");
  CHECK(value_of("dec_cmp(quant, 10)") == "-1");
  CHECK(value_of("dec_cmp('-1', '1')") == "-1");
  CHECK(value_of("dec_div(1, 0, 2)") == "null");
  CHECK(value_of("dec_div(2, 3, 5)") == R"("0.66667")");
  CHECK(value_of("dec_mul(' 1.5 ', '+2')") == R"("3.0")");
  CHECK(value_of("dec_mul(1e20, 1)") == R"("100000000000000000000")");
  for (const char* bad : {"'abc'", "''", "'1,5'", "'1.2.3'", "'1e5'", "'--1'", "'.'"}) {
    CHECK(value_of(std::string("dec_add(") + bad + ", 1)").find("is not a number") != std::string::npos);
  }
}

}  // namespace engine::map::test
