#include "engine/map/check/comparisons.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/text/characters.h"
#include "engine/map/functions/catalog.h"
#include "engine/map/nested_rows.h"

namespace engine::map {
namespace {

enum class Kind { other, decimal, text_column, text_value, number, null };

/// What is known of a subexpression: its kind, and a name for messages when it is a decimal.
struct Operand {
  Kind kind = Kind::other;
  std::string name;
  std::size_t offset = 0;
  std::optional<std::size_t> column;  ///< when it is a bare column
};

/// Binding powers as SQLite's grammar has them, from OR to COLLATE.
enum Power {
  none = 0,
  disjunction,
  conjunction,
  negation,
  equality,
  ordering,
  bits,
  sum,
  product,
  concatenation,
  collation,
  prefix
};

constexpr std::array<std::string_view, 6> choosing{"coalesce", "ifnull", "iif", "trim", "ltrim", "rtrim"};
constexpr std::array<std::string_view, 15> counting{"abs",   "round", "sign",   "ceil",  "ceiling",
                                                    "floor", "trunc", "mod",    "power", "sqrt",
                                                    "min",   "max",   "nullif", "sum",   "avg"};
constexpr std::array<std::string_view, 14> texts{"trim",   "ltrim",     "rtrim",    "upper",  "lower",
                                                 "substr", "substring", "replace",  "printf", "title_case",
                                                 "hex",    "format",    "strftime", "e164"};

class Scan {
 public:
  Scan(const std::vector<Token>& tokens, const model::Layout& layout) : tokens_(tokens), layout_(layout), nested_(nested_rows_of(layout)) {}

  Findings run() {
    expression(none);
    return std::move(findings_);
  }

 private:
  bool more() const { return at_ < tokens_.size(); }
  bool next_is(std::string_view symbol) const { return more() && tokens_[at_].is(symbol); }
  bool next_is_word(std::string_view word) const { return more() && tokens_[at_].is_word(word); }
  bool take(std::string_view symbol) { return next_is(symbol) && (++at_, true); }
  bool take_word(std::string_view word) { return next_is_word(word) && (++at_, true); }

  Operand expression(int least) {
    Operand left = prefix_operand();
    while (more()) {
      const std::size_t before = at_;
      if (!infix(left, least) || at_ == before) break;
    }
    return left;
  }

  Operand prefix_operand() {
    if (!more()) return {};
    const Token& token = tokens_[at_++];
    if (token.is("-") || token.is("~")) {
      const Operand operand = expression(prefix);
      if (operand.kind == Kind::decimal) decimal(operand, token.text, "use dec_sub(0, …)");
      return {operand.kind == Kind::number ? Kind::number : Kind::other, {}, token.offset, {}};
    }
    if (token.is("+")) return expression(prefix);
    if (token.is("(")) return group(token.offset);
    if (token.is_word("NOT") || token.is_word("EXISTS")) return expression(negation), Operand{};
    if (token.is_word("CASE")) return case_of(token.offset);
    if (token.is_word("CAST") && next_is("(")) return cast();
    if (token.is_word("NULL")) return {Kind::null, {}, token.offset, {}};
    if (token.kind == TokenKind::number) return {Kind::number, std::string(token.text), token.offset, {}};
    if (token.names()) return next_is("(") ? call(token) : column(token);
    return {};
  }

  /// A parenthesised expression, a row value (decimal when any part is), or a subselect.
  Operand group(std::size_t offset) {
    const std::size_t end = closing(tokens_, at_ - 1);
    Operand whole{Kind::other, {}, offset, {}};
    if (next_is_word("SELECT") || next_is_word("WITH") || next_is_word("VALUES")) {
      subselect(end);
    } else {
      whole = arguments(end);
    }
    at_ = std::min(end + 1, tokens_.size());
    return whole;
  }

  /// Expressions up to `end`, between commas: the one there is, or the first decimal one.
  Operand arguments(std::size_t end) {
    Operand found;
    for (bool first = true; at_ < end; first = false) {
      take_word("DISTINCT");
      Operand operand = expression(none);
      if (first || operand.kind == Kind::decimal) found = std::move(operand);
      if (!take(",")) break;
    }
    return found;
  }

  /// Of a document's subselects the expressions are understood, as long as they read its tables directly.
  void subselect(std::size_t end) {
    if (nested_.empty() || next_is_word("WITH")) return refuse_decimals(end);
    const std::size_t outside = scopes_.size();
    for (std::size_t i = at_; i < end; ++i) {
      for (const NestedRows& table : nested_) {
        if (tokens_[i].names() && same_word(tokens_[i].content(), table.name())) scopes_.push_back(&table.layout());
      }
    }
    while (at_ < end) {
      const std::size_t before = at_;
      if ((take_word("FROM") || take_word("JOIN")) && next_is("(")) {
        const std::size_t inside = std::min(closing(tokens_, at_), end);
        refuse_decimals(inside);
        at_ = std::min(inside + 1, end);
      } else {
        expression(none);
      }
      if (at_ == before) ++at_;
    }
    scopes_.resize(outside);
  }

  /// What a table made by a subselect calls its columns is not understood here, so decimals do not go in.
  void refuse_decimals(std::size_t end) {
    for (; at_ < end; ++at_) {
      if (!tokens_[at_].names() || (at_ + 1 < end && tokens_[at_ + 1].is("."))) continue;
      const model::Column* column = find(tokens_[at_].content());
      if (column == nullptr || column->type != model::ColumnType::decimal) continue;
      add(true, "sql.decimal", tokens_[at_].offset, fmt::format("the decimal column '{}' cannot be used inside a subselect", column->name),
          "use the dec_ functions outside of it");
    }
  }

  /// As SQL resolves a name: in the tables of the innermost subselect first.
  const model::Column* find(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto position = (*scope)->find(name)) return &(*scope)->columns[*position];
    }
    const auto position = layout_.find(name);
    return position ? &layout_.columns[*position] : nullptr;
  }

  Operand case_of(std::size_t offset) {
    Operand base;
    const bool base_is_given = !next_is_word("WHEN");
    if (base_is_given) base = expression(none);
    if (base.kind == Kind::decimal) decimal(base, "CASE", "use CASE WHEN dec_cmp(…) = 0 THEN …");
    Operand result{Kind::other, {}, offset, {}};
    while (more() && !take_word("END")) {
      const bool is_result = next_is_word("THEN") || next_is_word("ELSE");
      const bool is_compared = base_is_given && next_is_word("WHEN");
      ++at_;
      Operand operand = expression(none);
      if (is_compared && operand.kind == Kind::decimal) decimal(operand, "CASE", "use CASE WHEN dec_cmp(…) = 0 THEN …");
      if (is_result && operand.kind == Kind::decimal) result = std::move(operand);
    }
    return result;
  }

  /// CAST is explicit: whoever writes it has decided what becomes of the digits.
  Operand cast() {
    const std::size_t end = closing(tokens_, at_++);
    expression(none);
    at_ = std::min(end + 1, tokens_.size());
    return {};
  }

  Operand call(const Token& name) {
    const std::size_t end = closing(tokens_, at_++);
    const std::string called = name.content();
    const Operand of = next_is("*") ? Operand{} : arguments(end);
    at_ = std::min(end + 1, tokens_.size());
    if (of.kind == Kind::decimal && is_one_of(counting, called)) {
      decimal(of, lower_case(called) + "()",
              same_word(called, "nullif")  ? "use CASE WHEN dec_cmp(…) <> 0 THEN … END"
              : same_word(called, "round") ? "use dec_round(…)"
              : same_word(called, "abs")   ? "use dec_abs(…)"
                                             : "use dec_cmp(…) or CAST(… AS REAL)");
      return {};
    }
    if (of.kind == Kind::decimal && is_one_of(choosing, called)) return of;
    const bool exact = lower_case(called).starts_with("dec_") && !same_word(called, "dec_cmp");
    if (exact) return {Kind::decimal, called + "(…)", name.offset, {}};
    return {is_one_of(texts, called) ? Kind::text_value : Kind::other, called + "(…)", name.offset, {}};
  }

  Operand column(const Token& first) {
    const Token* last = &first;
    while (next_is(".") && at_ + 1 < tokens_.size()) {
      last = &tokens_[at_ + 1];
      at_ += 2;
    }
    const model::Column* found = find(last->content());
    if (found == nullptr) return {Kind::other, {}, first.offset, {}};
    using model::ColumnType;
    const ColumnType type = found->type;
    const bool is_number = type == ColumnType::integer || type == ColumnType::real || type == ColumnType::binary;
    const Kind kind = type == ColumnType::decimal ? Kind::decimal : is_number ? Kind::other : Kind::text_column;
    const auto position = layout_.find(found->name);
    const bool is_of_row = position && &layout_.columns[*position] == found;
    return {kind, found->name, first.offset, is_of_row ? position : std::nullopt};
  }

  bool infix(Operand& left, int least) {
    const Token& token = tokens_[at_];
    if (token.kind == TokenKind::word) return infix_word(left, least, token);
    const int power = power_of(token);
    if (power == none || power <= least) return false;
    ++at_;
    const Operand right = expression(power);
    if (power == equality || power == ordering) compared(left, right, token.text, power);
    if (power == bits || power == sum || power == product) arithmetic(left, right, token.text);
    left = {Kind::other, {}, left.offset, {}};
    return true;
  }

  static int power_of(const Token& token) {
    if (token.kind != TokenKind::symbol) return none;
    const std::string_view text = token.text;
    if (text == "=" || text == "==" || text == "<>" || text == "!=") return equality;
    if (text == "<" || text == "<=" || text == ">" || text == ">=") return ordering;
    if (text == "&" || text == "|" || text == "<<" || text == ">>") return bits;
    if (text == "+" || text == "-") return sum;
    if (text == "*" || text == "/" || text == "%") return product;
    if (text == "||" || text == "->" || text == "->>") return concatenation;
    return none;
  }

  bool infix_word(Operand& left, int least, const Token& token) {
    if (token.is_word("COLLATE")) return at_ = std::min(at_ + 2, tokens_.size()), true;
    if (token.is_word("OR") || token.is_word("AND")) {
      const int power = token.is_word("OR") ? disjunction : conjunction;
      if (power <= least) return false;
      ++at_;
      expression(power);
      left = {Kind::other, {}, left.offset, {}};
      return true;
    }
    if (equality <= least) return false;
    take_word("NOT");
    if (take_word("BETWEEN")) {
      compared(left, expression(equality), "BETWEEN", ordering);
      if (take_word("AND")) compared(left, expression(equality), "BETWEEN", ordering);
    } else if (take_word("IN")) {
      in_list(left);
    } else if (take_word("IS")) {
      take_word("NOT");
      if (take_word("DISTINCT")) take_word("FROM");
      compared(left, expression(equality), "IS", equality);
    } else if (take_word("LIKE") || take_word("GLOB") || take_word("REGEXP") || take_word("MATCH")) {
      expression(equality);
      if (take_word("ESCAPE")) expression(equality);
    } else if (!take_word("ISNULL") && !take_word("NOTNULL") && !take_word("NULL")) {
      return false;
    }
    left = {Kind::other, {}, left.offset, {}};
    return true;
  }

  void in_list(const Operand& left) {
    if (!take("(")) {
      at_ += 1;
      return;
    }
    const std::size_t end = closing(tokens_, at_ - 1);
    if (next_is_word("SELECT") || next_is_word("WITH") || next_is_word("VALUES")) {
      subselect(end);
      if (left.kind == Kind::decimal) decimal(left, "IN", "use dec_cmp(…)");
    }
    while (at_ < end) {
      compared(left, expression(none), "IN", equality);
      if (!take(",")) break;
    }
    at_ = std::min(end + 1, tokens_.size());
  }

  void arithmetic(const Operand& left, const Operand& right, std::string_view with) {
    const std::string_view instead = with == "+"   ? "use dec_add(a, b)"
                                     : with == "-" ? "use dec_sub(a, b)"
                                     : with == "*" ? "use dec_mul(a, b)"
                                                   : "use dec_div(a, b, digits)";
    if (left.kind == Kind::decimal) return decimal(left, with, std::string(instead));
    if (right.kind == Kind::decimal) decimal(right, with, std::string(instead));
  }

  /// The same column before and after has one scale, and NULL has none: those two may be compared as text.
  void compared(const Operand& left, const Operand& right, std::string_view with, int power) {
    const bool same_column = power == equality && left.column && left.column == right.column;
    if (same_column || left.kind == Kind::null || right.kind == Kind::null) return;
    if (left.kind == Kind::decimal || right.kind == Kind::decimal) {
      const Operand& one = left.kind == Kind::decimal ? left : right;
      return decimal(
          one, with,
          fmt::format("use dec_cmp(a, b) {} 0", with == "IN" || with == "BETWEEN" || with == "IS" ? "=" : with));
    }
    const Operand& number = left.kind == Kind::number ? left : right;
    const Operand& text = left.kind == Kind::number ? right : left;
    if (number.kind != Kind::number) return;
    if (text.kind == Kind::text_value) {
      add(false, "sql.text_number", text.offset,
          fmt::format("{} is text, which is never equal to a number and above each", text.name),
          fmt::format("write '{}' as text, or CAST(… AS INTEGER)", number.name));
    } else if (text.kind == Kind::text_column && power == ordering) {
      add(false, "sql.text_number", text.offset,
          fmt::format("the column '{}' is text: '10' comes before '9'", text.name),
          "CAST(… AS INTEGER) compares as numbers");
    }
  }

  void decimal(const Operand& operand, std::string_view with, std::string suggestion) {
    add(true, "sql.decimal", operand.offset,
        fmt::format("'{}' is an exact decimal, kept as text: {} would not mean its value", operand.name, with),
        std::move(suggestion));
  }

  void add(bool is_error, std::string code, std::size_t offset, std::string message, std::string suggestion) {
    findings_.push_back({is_error, std::move(code), offset, std::move(message), std::move(suggestion)});
  }

  const std::vector<Token>& tokens_;
  const model::Layout& layout_;
  const std::vector<NestedRows> nested_;
  std::vector<const model::Layout*> scopes_;  ///< the tables of the subselects around
  std::size_t at_ = 0;
  Findings findings_;
};

}  // namespace

Findings check_comparisons(const std::vector<Token>& tokens, const model::Layout& layout) {
  return Scan(tokens, layout).run();
}

}  // namespace engine::map
