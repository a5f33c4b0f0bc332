// dec_add and its kin: SQL's face of Decimal.
#include <fmt/format.h>

#include "engine/map/functions/arguments.h"
#include "engine/map/functions/catalog.h"
#include "engine/map/functions/decimal.h"

namespace engine::map {
namespace {

constexpr std::int64_t scale_max = 100;

/// Calls `compute` with both numbers. NULL when either argument is NULL; the row fails when either is no number.
template <typename Compute>
void with_two(sqlite3_context* context, sqlite3_value** values, const char* name, Compute compute) {
  if (is_null(values[0]) || is_null(values[1])) return give_null(context);
  const auto a = decimal_of(values[0]);
  const auto b = decimal_of(values[1]);
  if (a && b) return compute(*a, *b);
  give_error(context, fmt::format("{}: {} is not a number", name, shown(a ? values[1] : values[0])));
}

/// A number of digits behind the point, or nullopt after giving an error.
std::optional<int> scale_argument(sqlite3_context* context, sqlite3_value* value, const char* name,
                                  std::int64_t lowest) {
  const std::int64_t scale = integer_of(value);
  if (scale >= lowest && scale <= scale_max) return static_cast<int>(scale);
  give_error(context, fmt::format("{}: {} digits are outside of {} to {}", name, scale, lowest, scale_max));
  return std::nullopt;
}

void dec_add(sqlite3_context* context, int, sqlite3_value** values) {
  with_two(context, values, "dec_add",
           [&](const Decimal& a, const Decimal& b) { give_text(context, add(a, b).text()); });
}

void dec_sub(sqlite3_context* context, int, sqlite3_value** values) {
  with_two(context, values, "dec_sub",
           [&](const Decimal& a, const Decimal& b) { give_text(context, add(a, b.negated()).text()); });
}

void dec_mul(sqlite3_context* context, int, sqlite3_value** values) {
  with_two(context, values, "dec_mul",
           [&](const Decimal& a, const Decimal& b) { give_text(context, multiply(a, b).text()); });
}

void dec_div(sqlite3_context* context, int, sqlite3_value** values) {
  with_two(context, values, "dec_div", [&](const Decimal& a, const Decimal& b) {
    if (is_null(values[2]) || b.is_zero()) return give_null(context);
    if (const auto scale = scale_argument(context, values[2], "dec_div", 0)) {
      give_text(context, divide(a, b, *scale).text());
    }
  });
}

void dec_cmp(sqlite3_context* context, int, sqlite3_value** values) {
  with_two(context, values, "dec_cmp", [&](const Decimal& a, const Decimal& b) {
    const int order = compare(a, b);
    give_integer(context, (order > 0) - (order < 0));
  });
}

void dec_abs(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0])) return give_null(context);
  const auto number = decimal_of(values[0]);
  if (!number) return give_error(context, fmt::format("dec_abs: {} is not a number", shown(values[0])));
  give_text(context, number->absolute().text());
}

void dec_round(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0]) || is_null(values[1])) return give_null(context);
  const auto number = decimal_of(values[0]);
  if (!number) return give_error(context, fmt::format("dec_round: {} is not a number", shown(values[0])));
  if (const auto digits = scale_argument(context, values[1], "dec_round", -scale_max)) {
    give_text(context, number->rounded(*digits).text());
  }
}

constexpr FunctionEntry entries[] = {
    {"dec_add", "(a, b)", "The exact sum, with as many digits behind the point as the longer of the two.",
     "dec_add(fido, '0.10')", R"("1500.10")", 2, 2, dec_add},
    {"dec_sub", "(a, b)", "The exact difference.", "dec_sub(fido, old.fido)", R"("500.00")", 2, 2, dec_sub},
    {"dec_mul", "(a, b)", "The exact product; a literal such as 1.22 counts as written.", "dec_mul(fido, 1.22)",
     R"("1830.0000")", 2, 2, dec_mul},
    {"dec_div", "(a, b, digits)",
     "The quotient, rounded to that many digits behind the point, half away from zero. NULL when b is zero.",
     "dec_div(fido, 7, 4)", R"("214.2857")", 3, 3, dec_div},
    {"dec_cmp", "(a, b)", "-1, 0 or 1 as a is below, equal to or above b by value: 1.0 equals 1.00.",
     "dec_cmp(fido, 1000) > 0", "1", 2, 2, dec_cmp},
    {"dec_round", "(a, digits)",
     "Exactly that many digits behind the point, half away from zero; a negative number of digits rounds before the "
     "point.",
     "dec_round('-2.345', 2)", R"("-2.35")", 2, 2, dec_round},
    {"dec_abs", "(a)", "The number without its sign.", "dec_abs('-0.50')", R"("0.50")", 1, 1, dec_abs},
};

}  // namespace

FunctionGroup decimal_functions() {
  return {"Exact decimals",
          "A DECIMAL column is text with its exact digits, since a double would change them. These functions compute "
          "with it "
          "and give text again; integers and literals may stand beside it. NULL gives NULL. What is no number fails "
          "the row. "
          "`check` refuses `+`, `<`, `=` and their kin on a DECIMAL column, because they would compare text; "
          "`CAST(x AS REAL)` remains for whoever wants a double.",
          entries};
}

}  // namespace engine::map
