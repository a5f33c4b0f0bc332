#include "test/support/scripted_driver/question.h"

#include <cctype>
#include <string_view>

#include "test/support/scripted_driver/script.h"

namespace scripted {

namespace {

using Kind = Token::Kind;

class Tokens {
 public:
  explicit Tokens(const std::string& sql) : sql_(sql) {}

  std::vector<Token> all() {
    std::vector<Token> tokens;
    while (skip_blanks(), at_ < sql_.size()) tokens.push_back(next());
    return tokens;
  }

 private:
  static bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '#' || c == '@'; }
  static char closing(char c) { return c == '[' ? ']' : c; }

  void skip_blanks() {
    while (at_ < sql_.size() && std::isspace(static_cast<unsigned char>(sql_[at_])) != 0) ++at_;
  }

  Token next() {
    const char c = sql_[at_];
    if (c == '?') return ++at_, Token{Kind::marker, "?"};
    if (c == '\'') return {Kind::text, quoted('\'')};
    if (c == 'N' && at_ + 1 < sql_.size() && sql_[at_ + 1] == '\'') return ++at_, Token{Kind::text, quoted('\'')};
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return {Kind::number, plain()};
    if (is_name(c) || c == '"' || c == '[') return {Kind::name, upper(dotted())};
    for (const std::string_view sign : {"=>", ">=", "<=", "<>", "||"}) {
      if (sql_.compare(at_, sign.size(), sign) == 0) return at_ += sign.size(), Token{Kind::sign, std::string(sign)};
    }
    return {Kind::sign, std::string(1, sql_[at_++])};
  }

  std::string plain() {
    const std::size_t start = at_;
    while (at_ < sql_.size() && is_name(sql_[at_])) ++at_;
    return sql_.substr(start, at_ - start);
  }

  std::string quoted(char close) {
    std::string text;
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == close && (at_ + 1 >= sql_.size() || sql_[at_ + 1] != close)) break;
      if (sql_[at_] == close) ++at_;
      text += sql_[at_];
    }
    ++at_;
    return text;
  }

  std::string dotted() {
    std::string name;
    while (true) {
      const char c = sql_[at_];
      name += c == '"' || c == '[' ? quoted(closing(c)) : plain();
      const bool more = at_ + 1 < sql_.size() && sql_[at_] == '.' && (is_name(sql_[at_ + 1]) || sql_[at_ + 1] == '"' || sql_[at_ + 1] == '[');
      if (!more) return name;
      name += '.';
      ++at_;
    }
  }

  const std::string& sql_;
  std::size_t at_ = 0;
};

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

bool is(const Token& token, std::string_view text) { return (token.kind == Kind::name || token.kind == Kind::sign) && token.text == text; }

void take_words(const Token& token, std::set<std::string>& words) {
  if (token.kind == Kind::text) words.insert(upper(token.text));
  if (token.kind != Kind::name) return;
  words.insert(token.text);
  for (std::size_t at = token.text.find('.'); at != std::string::npos; at = token.text.find('.', at + 1)) words.insert(token.text.substr(at + 1));
}

/// From behind SELECT to its FROM, or to the end.
std::vector<std::vector<Token>> items_of(const std::vector<Token>& tokens) {
  std::vector<std::vector<Token>> items;
  if (tokens.empty() || !is(tokens[0], "SELECT")) return items;
  items.emplace_back();
  int depth = 0;
  for (std::size_t at = 1; at < tokens.size(); ++at) {
    if (depth == 0 && is(tokens[at], "FROM")) break;
    if (is(tokens[at], "(")) ++depth;
    if (is(tokens[at], ")")) --depth;
    if (depth == 0 && is(tokens[at], ",")) {
      items.emplace_back();
    } else {
      items.back().push_back(tokens[at]);
    }
  }
  return items;
}

/// Whatever stands around a marker without saying what it is.
bool is_wrapping(const Token& token) {
  if (token.kind == Kind::marker) return true;
  for (const std::string_view each : {"(", ",", "CAST", "IN", "COALESCE", "NULLIF", "BETWEEN", "AND", "=", "<", ">", "<=", ">=", "=>", "UPPER", "RTRIM"}) {
    if (is(token, each)) return true;
  }
  return false;
}

std::size_t opening(const std::vector<Token>& tokens, std::size_t closing) {
  int depth = 0;
  for (std::size_t at = closing + 1; at-- > 0;) {
    if (is(tokens[at], ")")) ++depth;
    if (is(tokens[at], "(") && --depth == 0) return at;
  }
  return 0;
}

/// The marker's name is the nearest one before it, its comparison the nearest sign.
Bound bound_of(const std::vector<Token>& tokens, std::size_t marker) {
  Bound bound;
  const bool ends_between = marker > 2 && is(tokens[marker - 1], "AND") && tokens[marker - 2].kind == Kind::marker;
  for (std::size_t at = marker; at-- > 0;) {
    const Token& token = tokens[at];
    if (bound.by.empty() && is(token, "BETWEEN")) bound.by = ends_between ? "<=" : ">=";
    if (bound.by.empty() && (is(token, "=") || is(token, "<") || is(token, ">") || is(token, "<=") || is(token, ">="))) bound.by = token.text;
    // What kind of a limit it is stands between BETWEEN and its first value.
    if (is(token, "SCN") && at > 0 && is(tokens[at - 1], "BETWEEN")) return {"SCN", ends_between ? "<=" : ">="};
    // What stands in parentheses before is another's: of RRN(t) IN (?) the name is RRN.
    if (is(token, ")")) at = opening(tokens, at);
    if (is_wrapping(tokens[at]) || token.kind == Kind::number || token.kind == Kind::text) continue;
    bound.name = token.text;
    break;
  }
  if (bound.by.empty()) bound.by = "=";
  return bound;
}

void read_ending(const std::vector<Token>& tokens, Question& question) {
  for (std::size_t at = 0; at + 1 < tokens.size(); ++at) {
    const bool is_number = tokens[at + 1].kind == Kind::number;
    if (is(tokens[at], "OFFSET") && is_number) question.offset = std::stoul(tokens[at + 1].text);
    if ((is(tokens[at], "FIRST") || is(tokens[at], "NEXT") || is(tokens[at], "LIMIT")) && is_number) question.limit = std::stoul(tokens[at + 1].text);
    if (tokens[at].text == "1" && is(tokens[at + 1], "=") && at + 2 < tokens.size() && tokens[at + 2].text == "0") question.gives_no_rows = true;
    if (!is(tokens[at], "ORDER") || !is(tokens[at + 1], "BY")) continue;
    question.order.clear();
    for (std::size_t by = at + 2; by < tokens.size() && tokens[by].kind == Kind::name; ++by) {
      question.order.push_back({last_part(tokens[by].text), false});
      if (by + 1 < tokens.size() && is(tokens[by + 1], "DESC")) question.order.back().descending = true, ++by;
      if (by + 1 >= tokens.size() || !is(tokens[++by], ",")) break;
    }
  }
}

}  // namespace

Question question_of(const std::string& sql) {
  const std::vector<Token> tokens = Tokens(sql).all();
  Question question;
  for (const Token& token : tokens) take_words(token, question.words);
  question.items = items_of(tokens);
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (tokens[at].kind == Kind::marker) question.bounds.push_back(bound_of(tokens, at));
  }
  read_ending(tokens, question);
  if (tokens.empty()) return question;
  const bool read_only = question.words.contains("TRANSACTION") && question.words.contains("READ") && question.words.contains("ONLY");
  question.begins_view = is(tokens[0], "BEGIN") || is(tokens[0], "START") || (is(tokens[0], "SET") && read_only);
  question.ends_view = is(tokens[0], "COMMIT") || is(tokens[0], "ROLLBACK");
  return question;
}

}  // namespace scripted
